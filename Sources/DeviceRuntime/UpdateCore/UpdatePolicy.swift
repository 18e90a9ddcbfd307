/// What a device's settings say about updates.
package struct UpdatePolicy: Sendable, Hashable {
  /// What becomes of a version whose app has not said that it works when its trial is over.
  package enum UnconfirmedOutcome: String, Sendable, Hashable, CaseIterable {
    /// The version is kept: it ran that long without a failure, which counts as working.
    case confirm
    /// The device goes back to the version before it.
    case rollBack = "roll-back"
  }

  /// What becomes of a version that neither failed nor confirmed its health in its trial.
  package var unconfirmed: UnconfirmedOutcome
  /// How often the agent may die in a trial; once more, and the version is given up.
  package var survivedAgentDeaths: UInt8
  /// How often the power may fail in a trial; once more, and the version is given up.
  package var survivedPowerCuts: UInt8
  /// Images of a lower security epoch are refused.
  package var lowestSecurityEpoch: UInt32
  /// Whether a confirmed image's epoch becomes the lowest.
  package var raisesSecurityEpoch: Bool
  /// Whether a director's signature binds version and bytes of whatever is offered, as on every device with fuses.
  package var versionsAreSigned: Bool

  package init(
    unconfirmed: UnconfirmedOutcome = .confirm, survivedAgentDeaths: UInt8 = 2, survivedPowerCuts: UInt8 = 3,
    lowestSecurityEpoch: UInt32 = 0, raisesSecurityEpoch: Bool = false,
    versionsAreSigned: Bool = true
  ) {
    self.unconfirmed = unconfirmed
    self.survivedAgentDeaths = survivedAgentDeaths
    self.survivedPowerCuts = survivedPowerCuts
    self.lowestSecurityEpoch = lowestSecurityEpoch
    self.raisesSecurityEpoch = raisesSecurityEpoch
    self.versionsAreSigned = versionsAreSigned
  }
}
