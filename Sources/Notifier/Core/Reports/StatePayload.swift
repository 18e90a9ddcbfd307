import FoundationEssentials
import Foundations
import SwiftProtobuf
import Wire

/// The JSON of `/devices/{id}/state`, as it stands.
private struct StateDocument: Decodable {
  struct Reference: Decodable {
    let version: UInt64
    let digest: String
  }

  struct Position: Decodable {
    let epoch: String?
    let sequence: UInt64
  }

  struct Waiting: Decodable {
    let version: UInt64?
    let reason: String
    let since: UInt64?
  }

  let sequence: UInt64
  let epoch: String?
  let supersedes: Position?
  let version: UInt64
  let digest: String
  let slot: String
  let status: String
  let reason: String?
  let failed: Reference?
  let switchGapNanoseconds: UInt64?
  let waiting: Waiting?
  let run: String?
}

/// A state report whose every field was checked. Fields that this version does not know are ignored.
struct StatePayload: Equatable, Sendable {
  /// Bytes of a payload; a report with the longest reason has about 1,000.
  static let maximumBytes = 4_096
  /// Bytes of UTF-8 of a reason; the rest is cut off.
  static let maximumReasonBytes = 512
  /// The end of the year 9999, the last that a timestamp may say.
  private static let latestSeconds: UInt64 = 253_402_300_799
  static let runBytes = 8
  static let statuses: Set<String> = ["trial", "confirmed", "rolled-back", "refused"]
  /// Statuses that name a version that was tried and not kept.
  static let failures: Set<String> = ["rolled-back", "refused"]

  let position: ReportPosition
  /// What the device was told that the Registry holds.
  let supersedes: ReportPosition?
  let state: WireReportedState
  /// The name of the agent's process, 8 bytes; empty if it tells none.
  let run: Data

  var sequence: UInt64 { position.sequence }

  init(_ payload: [UInt8]) throws(RejectedReport) {
    let document = try Payload.decode(StateDocument.self, from: payload, maximumBytes: Self.maximumBytes)
    guard Self.statuses.contains(document.status) else {
      throw RejectedReport(.field, "status must be one of \(Self.statuses.sorted().joined(separator: ", "))")
    }
    position = ReportPosition(
      epoch: try Payload.randomName(document.epoch, "epoch"),
      sequence: try Payload.check(document.sequence, "sequence", from: 1))
    if let supersedes = document.supersedes {
      self.supersedes = ReportPosition(
        epoch: try Payload.randomName(supersedes.epoch, "supersedes.epoch"),
        sequence: try Payload.check(supersedes.sequence, "supersedes.sequence"))
    } else {
      supersedes = nil
    }
    state = try Self.state(document)
    let run = document.run.flatMap { Hexadecimal.decode($0) } ?? []
    self.run = Data(run.count == Self.runBytes ? run : [])
  }

  private static func state(_ document: StateDocument) throws(RejectedReport) -> WireReportedState {
    var state = WireReportedState()
    state.status = document.status
    state.reason = Payload.cleaned(document.reason ?? "", maximumBytes: maximumReasonBytes)
    // Where it goes holds no more than a bigint.
    state.switchGapNanoseconds = min(document.switchGapNanoseconds ?? 0, UInt64(Int64.max))
    if let waiting = document.waiting {
      state.waiting.version = min(waiting.version ?? 0, UInt64(Int64.max))
      state.waiting.reason = Payload.cleaned(waiting.reason, maximumBytes: maximumReasonBytes)
      // The device's own clock, which may say anything.
      state.waiting.since.seconds = Int64(min(waiting.since ?? 0, Self.latestSeconds))
    }
    if document.version == 0 {
      // Nothing runs yet.
      guard document.digest.isEmpty, document.slot.isEmpty else {
        throw RejectedReport(.field, "version 0 has no digest and no slot")
      }
    } else {
      let running = try reference(version: document.version, digest: document.digest, name: "digest")
      guard document.slot == "A" || document.slot == "B" else {
        throw RejectedReport(.field, "slot must be A or B")
      }
      state.version = running.version
      state.digest = running.digest
      state.slot = document.slot
    }
    if failures.contains(document.status) {
      guard let failed = document.failed else {
        throw RejectedReport(.field, "failed is missing with status \(document.status)")
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

/// The payload of `/devices/{id}/presence`.
enum PresencePayload {
  /// Nil for the empty payload that clears a kept presence, for example of a device that was deleted.
  static func isOnline(_ payload: [UInt8]) throws(RejectedReport) -> Bool? {
    if payload.isEmpty { return nil }
    if payload.elementsEqual("online".utf8) { return true }
    if payload.elementsEqual("offline".utf8) { return false }
    throw RejectedReport(.presence, "the payload must be online or offline")
  }
}
