package import Foundations
package import OpenSSL
package import WebAssemblyModule

/// What can be wrong with an image.
package enum ImageFormatError: Error, Equatable, Sendable {
  case wrongConfigurationLength(actual: Int)
  /// The image ends before its 544-byte header does.
  case headerCutShort(received: UInt64)
  /// Bytes 48…543 are not zero and don't start with `XTB1`; the offset is within the image.
  case unknownReservedArea(offset: Int)
  case unsupportedHeaderVersion(UInt16)
  case unknownFlags(UInt16)
  case firmwareVersionIsZero
  case wasmLengthOutOfRange(UInt64)
  case invalidLabel(ImageField, String)
  case keyWithoutSignature(SignatureRole)
  case signatureWithoutKey(SignatureRole)
  /// A byte of the area that must be zero is not; the offset is within the image.
  case paddingNotZero(offset: Int)
  case keyIDIsZero

  case hashMismatch(stated: SHA256Digest, actual: SHA256Digest)
  case deviceMismatch(expected: DeviceID, actual: DeviceID)
  case wasmLengthMismatch(stated: UInt64, actual: UInt64)
  case wasmDigestMismatch(stated: SHA256Digest, actual: SHA256Digest)
  case tooLarge(limitBytes: UInt64)
  case webAssembly(WebAssemblyError)

  case signatureMissing(SignatureRole)
  case unknownKey(SignatureRole, KeyID)
  case wrongSignature(SignatureRole)
  /// The publisher's key is known, but not for apps of this name.
  case publisherNotDelegated(KeyID?, app: AppLabel)
  case versionTooLow(UInt64, lowest: UInt64)
  case securityEpochTooLow(UInt32, lowest: UInt32)
  case hostAPILevelTooHigh(UInt32, highest: UInt32)

  case unreadable(path: String, call: String, errno: Int32)
  case cryptography(OpenSSLError)
}
