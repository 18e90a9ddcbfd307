/// How a device stands to what it runs; the raw value is what messages say.
package enum RunStatus: String, Sendable, Hashable, CaseIterable {
  /// The version runs and is not proved yet.
  case trial
  /// The version runs and the device keeps it; also of a device on which nothing runs yet.
  case confirmed
  /// A version ran and was not kept: the one before it runs again.
  case rolledBack = "rolled-back"
  /// A version was not started: what ran before goes on.
  case refused

  /// Whether it says that a version was not kept. The message then names that version.
  package var isFailure: Bool { self == .rolledBack || self == .refused }
}
