/// The JSON of `/devices/{id}/state`: what a device runs, as it stands in the message. Whoever reads it checks the values;
/// members that are not named here are ignored.
package struct StateMessage: Codable, Sendable, Equatable {
  /// How far a device's state reports have got: an epoch, and the number of a report in it.
  package struct Position: Codable, Sendable, Equatable {
    enum CodingKeys: String, CodingKey, CaseIterable { case epoch, sequence }

    /// Which flash the sequence is counted on: 16 random hexadecimal digits; empty or missing: the device names none.
    package var epoch: String?
    /// The report's number, as in ``StateMessage/sequence``.
    package var sequence: UInt64

    package init(epoch: String?, sequence: UInt64) {
      self.epoch = epoch
      self.sequence = sequence
    }
  }

  /// A version that was not kept: its `version` number and the `digest` of its module.
  package struct Failed: Codable, Sendable, Equatable {
    package var version: UInt64
    package var digest: String

    package init(version: UInt64, digest: String) {
      self.version = version
      self.digest = digest
    }
  }

  /// What an update waits for.
  package struct Waiting: Codable, Sendable, Equatable {
    enum CodingKeys: String, CodingKey, CaseIterable { case version, reason, since }

    /// The version that waits; 0 or missing: the waiting is not about a version.
    package var version: UInt64?
    /// What it waits for, in words for people.
    package var reason: String
    /// Since when, by the device's clock, in seconds since 1970.
    package var since: UInt64?

    package init(version: UInt64?, reason: String, since: UInt64?) {
      self.version = version
      self.reason = reason
      self.since = since
    }
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case sequence, epoch, supersedes, version, digest, slot, status, reason, failed, switchGapNanoseconds, waiting, run,
      timing
  }

  /// The report's number: from 1, and higher than that of every report before it in the same epoch, over restarts
  /// too.
  package var sequence: UInt64
  /// Which flash the sequence is counted on; as in ``Position``.
  package var epoch: String?
  /// The position that the services held in the place of the device's reports, as the device was told in
  /// ``AcknowledgementMessage/Reports/held``.
  package var supersedes: Position?
  /// The version that runs; 0: nothing runs yet.
  package var version: UInt64
  /// The digest of the module that runs: `sha256:` and 64 hexadecimal digits; empty while nothing runs.
  package var digest: String
  /// The slot that it runs from: a ``SlotName``; empty while nothing runs.
  package var slot: String
  /// How the device stands to it: a ``RunStatus``.
  package var status: String
  /// Why the version in `failed` was not kept, for people.
  package var reason: String?
  /// The version that was not kept, if the status is a failure.
  package var failed: Failed?
  /// For how long no app handled events when one app last took over from another; missing: none did since the agent
  /// started.
  package var switchGapNanoseconds: UInt64?
  /// What an update waits for; missing: none waits.
  package var waiting: Waiting?
  /// Identifies the agent's process: 16 random hexadecimal digits. Two values that take turns are two machines with
  /// one identity.
  package var run: String?
  /// How long the device took to get to what runs; missing: it does not tell, or the version was running when the agent
  /// started.
  package var timing: DeploymentTimingMessage?

  package init(
    sequence: UInt64, epoch: String?, supersedes: Position?, version: UInt64, digest: String, slot: String,
    status: String, reason: String?, failed: Failed?, switchGapNanoseconds: UInt64?, waiting: Waiting?, run: String?,
    timing: DeploymentTimingMessage? = nil
  ) {
    self.sequence = sequence
    self.epoch = epoch
    self.supersedes = supersedes
    self.version = version
    self.digest = digest
    self.slot = slot
    self.status = status
    self.reason = reason
    self.failed = failed
    self.switchGapNanoseconds = switchGapNanoseconds
    self.waiting = waiting
    self.run = run
    self.timing = timing
  }
}
