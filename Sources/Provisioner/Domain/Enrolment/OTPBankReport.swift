import DeviceProtocol
import Foundations

/// What a device says that its fuses hold: the JSON of `xtblish-device otp show --json`, of which only this is read.
///
/// Hashes and keys are hexadecimal digits in either case: `directorKey` is the director's Ed25519 key,
/// `rootDocumentHash` the SHA-256 of the first root document. `publisherSignatureRequired`: images without a
/// publisher's signature are refused. A field is nil where the report has none, as for fuses that are not burnt.
package struct OTPBankReport: Sendable, Equatable {
  /// The device's ID, a UUID in its text form.
  package var deviceID: String?
  /// The SHA-256 of the device's SubjectPublicKeyInfo in DER.
  package var publicKeyHash: String?
  package var directorKey: String?
  package var rootDocumentHash: String?
  package var publisherSignatureRequired: Bool?
  /// Whether everything was burnt that a device needs.
  package var provisioned: Bool?
  /// The lowest epoch of an app that the device still runs.
  package var securityEpoch: UInt32?
}

extension OTPBankReport: Codable {
  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: FuseReportMember.self)
    deviceID = try fields.decodeIfPresent(String.self, forKey: .deviceID)
    publicKeyHash = try fields.decodeIfPresent(String.self, forKey: .publicKeyHash)
    directorKey = try fields.decodeIfPresent(String.self, forKey: .directorKey)
    rootDocumentHash = try fields.decodeIfPresent(String.self, forKey: .rootDocumentHash)
    publisherSignatureRequired = try fields.decodeIfPresent(Bool.self, forKey: .publisherSignatureRequired)
    provisioned = try fields.decodeIfPresent(Bool.self, forKey: .provisioned)
    securityEpoch = try fields.decodeIfPresent(UInt32.self, forKey: .securityEpoch)
  }

  package func encode(to encoder: any Encoder) throws {
    var fields = encoder.container(keyedBy: FuseReportMember.self)
    try fields.encodeIfPresent(deviceID, forKey: .deviceID)
    try fields.encodeIfPresent(publicKeyHash, forKey: .publicKeyHash)
    try fields.encodeIfPresent(directorKey, forKey: .directorKey)
    try fields.encodeIfPresent(rootDocumentHash, forKey: .rootDocumentHash)
    try fields.encodeIfPresent(publisherSignatureRequired, forKey: .publisherSignatureRequired)
    try fields.encodeIfPresent(provisioned, forKey: .provisioned)
    try fields.encodeIfPresent(securityEpoch, forKey: .securityEpoch)
  }
}
