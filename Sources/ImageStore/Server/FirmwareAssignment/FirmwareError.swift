package import FirmwareImage
package import Foundations
package import Wire

/// Why firmware can't be given to a device, or found for it.
package enum FirmwareError: Error {
  case unknownDevice(DeviceID)
  /// The Registry or the Provisioner refused, for a reason that whoever asked may know.
  case refused(WireFailure)
  /// The Registry did not answer.
  case registryUnavailable(WireFailure)
  /// The image is stored, and the Registry did not say whether it is assigned.
  case assignmentUnknown(WireFailure, key: String, digest: SHA256Digest?)
  /// The Registry did not say which publishers are trusted.
  case publishersUnknown(WireFailure)
  /// There is no root document that would name publishers; the text is the Registry's.
  case noRootDocument(String)
  /// The Provisioner did not say whose a polling token is.
  case provisionerUnavailable(WireFailure)
  /// A name in the header of a whole image is not what an app may be called.
  case labelRefused(ImageFormatError)
  /// Devices would not take the publisher or the signature.
  case publisherRefused(ImageFormatError)
  /// The publisher's key that came with the signature did not make it.
  case signatureWrong(AppDescription)
}

extension WireFailure {
  /// Whether asking again may help.
  var isTransient: Bool { [.unavailable, .overloaded, .deadlineExceeded].contains(code) }
}
