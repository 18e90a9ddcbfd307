package import Foundations

/// Whether a device gets an identity, and which.
package enum EnrolmentDecision: Sendable, Equatable {
  case granted(EnrolmentGrant)
  case refused(EnrolmentRefusal)
}

/// What a device that is let in becomes: the `device` ID that it has from now on or had already, its `serial` number,
/// and the `name` that people see.
package struct EnrolmentGrant: Sendable, Equatable {
  package var device: DeviceID
  package var serial: String
  package var name: String
  /// The tags that the device gets at the Registry, that of its group among them.
  package var tags: [String]
  /// What the device was told to burn when it asked before: an answer that got lost may have been burnt all the same.
  package var otp: OTPRecord?
  /// What let the device in, for the log: "claim 8c5c…", "registration", "factory CA 12ab…".
  package var basis: String
  /// Whether the device was granted before: it may have a certificate that is the answer.
  package var isKnown: Bool
}
