/// The fields of an image that starts its reserved area with `XTB1`.
package struct ImageManifest: Hashable, Sendable {
  /// Per device, from 1, only ever growing.
  package let firmwareVersion: UInt64
  package let app: AppDescription
  package let publisher: ImageSignature?
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
