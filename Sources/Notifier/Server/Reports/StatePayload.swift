import DeviceProtocol
import FoundationEssentials
import Foundations
import SwiftProtobuf
import Wire

/// A state report whose every field was checked. Fields that this version does not know are ignored.
struct StatePayload: Equatable, Sendable {
  /// The end of the year 9999, the last that a timestamp may say.
  private static let latestSeconds: UInt64 = 253_402_300_799
  static let runBytes = 8

  let position: WireReportPosition
  /// The position that the device was told is held, if the report is to take its place; see `ReportPosition`.
  let supersedes: WireReportPosition?
  let state: WireReportedState
  /// The name of the agent's process, 8 bytes; empty if it tells none.
  let run: Data
  /// The trace that the device reports about; nil: none.
  let trace: TraceContext?

  var sequence: UInt64 { position.sequence }

  /// - Parameter trace: what came beside the payload.
  init(_ payload: [UInt8], trace: TraceContext? = nil) throws(RejectedReport) {
    self.trace = trace
    let message = try Payload.decode(StateMessage.self, from: payload, atMost: .stateBytes)
    guard let status = RunStatus(rawValue: message.status) else {
      let words = RunStatus.allCases.map(\.rawValue).sorted()
      throw RejectedReport(.field, "status must be one of \(words.joined(separator: ", "))")
    }
    position = WireReportPosition(
      epoch: try Payload.randomName(message.epoch, "epoch"),
      sequence: try Payload.check(message.sequence, "sequence", from: 1))
    if let supersedes = message.supersedes {
      self.supersedes = WireReportPosition(
        epoch: try Payload.randomName(supersedes.epoch, "supersedes.epoch"),
        sequence: try Payload.check(supersedes.sequence, "supersedes.sequence"))
    } else {
      supersedes = nil
    }
    state = try Self.state(message, status)
    let run = message.run.flatMap { Hexadecimal.decode($0) } ?? []
    self.run = Data(run.count == Self.runBytes ? run : [])
  }

  private static func state(_ message: StateMessage, _ status: RunStatus) throws(RejectedReport) -> WireReportedState {
    var state = WireReportedState()
    state.status = message.status
    state.reason = Payload.cleaned(message.reason ?? "", atMost: .reasonBytes)
    // Where it goes holds no more than a bigint.
    state.switchGapNanoseconds = min(message.switchGapNanoseconds ?? 0, UInt64(Int64.max))
    if let waiting = message.waiting {
      state.waiting.version = min(waiting.version ?? 0, UInt64(Int64.max))
      state.waiting.reason = Payload.cleaned(waiting.reason, atMost: .reasonBytes)
      // The device's own clock, which may say anything.
      state.waiting.since.seconds = Int64(min(waiting.since ?? 0, Self.latestSeconds))
    }
    if let timing = message.timing, timing.version == message.version { state.timing = WireDeploymentTiming(timing) }
    if message.version == 0 {
      // Nothing runs yet.
      guard message.digest.isEmpty, message.slot.isEmpty else {
        throw RejectedReport(.field, "version 0 has no digest and no slot")
      }
    } else {
      let running = try reference(version: message.version, digest: message.digest, name: "digest")
      guard SlotName(rawValue: message.slot) != nil else {
        throw RejectedReport(.field, "slot must be A or B")
      }
      state.version = running.version
      state.digest = running.digest
      state.slot = message.slot
    }
    if status.isFailure {
      guard let failed = message.failed else {
        throw RejectedReport(.field, "failed is missing with status \(message.status)")
      }
      state.failed = try reference(version: failed.version, digest: failed.digest, name: "failed.digest")
    }
    return state
  }

  private static func reference(
    version: UInt64, digest: String, name: String
  ) throws(RejectedReport) -> WireFirmwareReference {
    let version = try Payload.check(version, "a version", from: 1)
    guard let digest = SHA256Digest(digest) else {
      throw RejectedReport(.field, "\(name) must be sha256: and 64 hexadecimal digits")
    }
    return WireFirmwareReference.with {
      $0.version = version
      $0.digest = Data(digest.bytes)
    }
  }
}

extension Presence {
  /// Reads a payload; nil for an empty one, which clears what the broker keeps, for example of a device that was
  /// deleted.
  static func read(_ payload: [UInt8]) throws(RejectedReport) -> Presence? {
    if payload.isEmpty { return nil }
    if let presence = Presence(payload: payload) { return presence }
    throw RejectedReport(.presence, "the payload must be online or offline")
  }
}
