/// Names of the headers that describe the app of an upload: a client writes them, and the store reads them.
package enum UploadHeaderName {
  package static let appName = "X-App-Name"
  package static let appVersion = "X-App-Version"
  package static let securityEpoch = "X-Security-Epoch"
  package static let publisherKey = "X-Publisher-Key"
  package static let publisherSignature = "X-Publisher-Signature"
  package static let idempotencyKey = "Idempotency-Key"
}
