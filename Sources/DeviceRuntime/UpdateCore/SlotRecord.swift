package import Foundations

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
