/// The JSON of `/devices/{id}/state`: what a device runs, as it stands in the message. Whoever reads it checks the values;
/// members that are not named here are ignored.
package struct StateMessage: Codable, Sendable, Equatable {
  /// Where a device's reports have got to.
  package struct Position: Codable, Sendable, Equatable {
    package enum CodingKeys: String, CodingKey, CaseIterable { case epoch, sequence }

    /// 16 hexadecimal digits, random, of the flash that the sequence is counted on; empty or missing: the device names
    /// none.
    package var epoch: String?
    package var sequence: UInt64

    package init(epoch: String?, sequence: UInt64) {
      self.epoch = epoch
      self.sequence = sequence
    }
  }

  /// A version that was not kept.
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
    package enum CodingKeys: String, CodingKey, CaseIterable { case version, reason, since }

    /// 0 or missing: it is not about a version.
    package var version: UInt64?
    package var reason: String
    /// By the device's clock, in seconds since 1970.
    package var since: UInt64?

    package init(version: UInt64?, reason: String, since: UInt64?) {
      self.version = version
      self.reason = reason
      self.since = since
    }
  }

  package enum CodingKeys: String, CodingKey, CaseIterable {
    case sequence, epoch, supersedes, version, digest, slot, status, reason, failed, switchGapNanoseconds, waiting, run
  }

  /// From 1, higher than that of every report before it of the same epoch, over restarts too.
  package var sequence: UInt64
  /// As in ``Position``.
  package var epoch: String?
  /// What the device was told that is held in the place of its reports.
  package var supersedes: Position?
  /// 0: nothing runs yet.
  package var version: UInt64
  /// Of the module: `sha256:` and 64 hexadecimal digits; empty while nothing runs.
  package var digest: String
  /// A ``SlotName``; empty while nothing runs.
  package var slot: String
  /// A ``RunStatus``.
  package var status: String
  /// Why the version in `failed` was not kept, for people.
  package var reason: String?
  /// With a status of failure: what was not kept.
  package var failed: Failed?
  /// For how long no app handled events when one last took over from another; missing: none did since the agent started.
  package var switchGapNanoseconds: UInt64?
  package var waiting: Waiting?
  /// 16 hexadecimal digits, random, of the agent's process: two that take turns are two machines with one identity.
  package var run: String?

  package init(
    sequence: UInt64, epoch: String?, supersedes: Position?, version: UInt64, digest: String, slot: String,
    status: String, reason: String?, failed: Failed?, switchGapNanoseconds: UInt64?, waiting: Waiting?, run: String?
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
  }
}
