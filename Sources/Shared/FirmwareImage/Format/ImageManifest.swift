/// The fields of an image that starts its reserved area with `XTB1`.
package struct ImageManifest: Hashable, Sendable {
  /// The number of the version: from 1, counted per device, only ever growing.
  package let firmwareVersion: UInt64
  /// What the publisher states about the app.
  package let app: AppDescription
  /// The publisher's signature of `app`; nil: not signed.
  package let publisher: ImageSignature?
  /// The director's signature of the whole configuration; nil: not signed.
  package let director: ImageSignature?

  package init(
    firmwareVersion: UInt64, app: AppDescription, publisher: ImageSignature? = nil, director: ImageSignature? = nil
  ) throws(ImageFormatError) {
    guard firmwareVersion > 0 else { throw .firmwareVersionIsZero }
    self.firmwareVersion = firmwareVersion
    self.app = app
    self.publisher = publisher
    self.director = director
  }
}
