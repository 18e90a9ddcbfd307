package import Foundations

/// One of the two places for an image: one holds the app that is kept, the other takes the next one.
package enum Slot: String, Sendable, Hashable, CaseIterable {
  case a = "A"
  case b = "B"

  /// Where the next image goes while this one is used.
  package var other: Slot { self == .a ? .b : .a }
}

/// What a slot holds.
package struct SlotRecord: Sendable, Hashable {
  /// How far the image in a slot has got.
  package enum State: UInt8, Sendable, Hashable {
    case empty = 0
    /// Verified, and to be tried or being tried.
    case staged = 1
    case confirmed = 2
    /// Tried and given up.
    case failed = 3
  }

  /// How far the image has got.
  package var state = State.empty
  /// The image's version; 0 in an empty slot.
  package var version: UInt64 = 0
  /// The SHA-256 of the wasm; nil in an empty slot.
  package var digest: SHA256Digest?
  /// The size of the whole image; 0 in an empty slot.
  package var sizeBytes: UInt64 = 0
  /// How often the agent died in this image's trial. Counted before the next start, so that an image that brings the
  /// whole device down is not tried for ever.
  package var agentDeaths: UInt8 = 0
  /// How often the power failed in this image's trial, counted like the agent's deaths.
  package var powerCuts: UInt8 = 0
  /// The security epoch that the image's head states.
  package var securityEpoch: UInt32 = 0

  /// A slot that holds nothing.
  package static let empty = SlotRecord()

  package init() {}

  package init(
    state: State, version: UInt64, digest: SHA256Digest?, sizeBytes: UInt64, agentDeaths: UInt8 = 0,
    powerCuts: UInt8 = 0, securityEpoch: UInt32 = 0
  ) {
    self.state = state
    self.version = version
    self.digest = digest
    self.sizeBytes = sizeBytes
    self.agentDeaths = agentDeaths
    self.powerCuts = powerCuts
    self.securityEpoch = securityEpoch
  }
}

/// A `version` that the device did not keep: whether it ran (`kind`), and the `digest` of its wasm.
package struct FailedVersion: Sendable, Hashable {
  /// What became of the version.
  package enum Kind: UInt8, Sendable, Hashable {
    /// The version ran, and gave way to the one before it.
    case rolledBack = 1
    /// The version never ran.
    case refused = 2
  }

  package var kind: Kind
  package var version: UInt64
  package var digest: SHA256Digest
  /// Why, for people.
  package var reason: String
  /// A director's signature bound the version to these bytes. Without one, the failure says nothing of other bytes
  /// with that version: the announcement may have been anybody's. Records of agents that believed unsigned
  /// announcements have false.
  package var isSigned: Bool

  package init(_ kind: Kind, version: UInt64, digest: SHA256Digest, reason: String, isSigned: Bool = true) {
    self.kind = kind
    self.version = version
    self.digest = digest
    self.reason = reason
    self.isSigned = isSigned
  }
}

/// What decides which app a device runs. The only state that must survive a power cut. `slotA` and `slotB` say what
/// the two slots hold.
package struct BootRecord: Sendable, Hashable {
  /// How often the agent has started, so that what it numbers never repeats.
  package var bootCount: UInt32 = 0
  /// A random number for the flash that the starts are counted on: an old copy of the flash, or an empty one, gets
  /// another before anybody believes its numbers. 0: none yet.
  package var epoch: UInt64 = 0
  /// The kernel's boot in which the agent last started: another one means that the power failed meanwhile.
  package var boot = BootID.unknown
  /// Whether the agent ended because it was asked to, so that an interrupted trial counts neither as its death nor as
  /// a power cut.
  package var isStoppedCleanly = false
  /// The slot whose app is kept; nil: none yet.
  package var active: Slot?
  package var slotA = SlotRecord.empty
  package var slotB = SlotRecord.empty
  /// A version below this is never run again.
  package var highestConfirmedVersion: UInt64 = 0
  /// The newest version that was not kept, until a newer one is confirmed.
  package var failed: FailedVersion?

  package init() {}

  /// What a slot holds.
  package subscript(slot: Slot) -> SlotRecord {
    get { slot == .a ? slotA : slotB }
    set {
      switch slot {
      case .a: slotA = newValue
      case .b: slotB = newValue
      }
    }
  }

  /// The slot that a new image may overwrite.
  package var spare: Slot { active?.other ?? .a }
}
