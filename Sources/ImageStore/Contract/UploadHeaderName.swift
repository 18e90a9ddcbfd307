/// Names of the headers that describe the app of an upload: a client writes them, and the store reads them.
package enum UploadHeaderName {
  /// The app's name, at most 32 bytes of UTF-8.
  package static let appName = "X-App-Name"
  /// The app's version as its maker writes it, at most 32 bytes of UTF-8.
  package static let appVersion = "X-App-Version"
  /// The app's security epoch, a decimal number: devices that confirmed a higher one refuse it.
  package static let securityEpoch = "X-Security-Epoch"
  /// The publisher's public Ed25519 key, in hexadecimal digits.
  package static let publisherKey = "X-Publisher-Key"
  /// The publisher's signature over the app's description, which the other headers and the module give; in hexadecimal
  /// digits.
  package static let publisherSignature = "X-Publisher-Signature"
  /// A text of the client's choice: a request that is repeated with it has no second effect.
  package static let idempotencyKey = "Idempotency-Key"
}
