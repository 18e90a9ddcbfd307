import FirmwareImage
import FoundationEssentials
import SwiftProtobuf
import Wire

/// The JSON of `/devices/{id}/state`, as it stands.
private struct StateDocument: Decodable {
  struct Reference: Decodable {
    let version: UInt64
    let digest: String
  }

  let sequence: UInt64
  let version: UInt64
  let digest: String
  let slot: String
  let status: String
  let reason: String?
  let failed: Reference?
}

/// A state report whose every field was checked. Fields that this version does not know are ignored.
struct StatePayload: Equatable, Sendable {
  /// Bytes of a payload; a report with the longest reason has about 1,000.
  static let maximumBytes = 4_096
  /// Bytes of UTF-8 of a reason; the rest is cut off.
  static let maximumReasonBytes = 512
  static let statuses: Set<String> = ["trial", "confirmed", "rolled-back", "refused"]
  /// Statuses that name a version that was tried and not kept.
  static let failures: Set<String> = ["rolled-back", "refused"]

  let sequence: UInt64
  let state: WireReportedState

  init(_ payload: [UInt8]) throws(RejectedReport) {
    guard payload.count <= Self.maximumBytes else {
      throw RejectedReport(.tooLarge, "\(payload.count) bytes; at most \(Self.maximumBytes)")
    }
    let document: StateDocument
    do {
      document = try JSONDecoder().decode(StateDocument.self, from: Data(payload))
    } catch DecodingError.keyNotFound(let key, _) {
      throw RejectedReport(.field, "\(key.stringValue) is missing")
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      throw RejectedReport(.field, "\(Self.path(context)) has the wrong type")
    } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
      throw RejectedReport(.field, "\(Self.path(context)) is out of range")
    } catch {
      throw RejectedReport(.notJSON, "the payload is not JSON, or a number in it is out of range")
    }
    // What PostgreSQL's bigint holds.
    guard (1...UInt64(Int64.max)).contains(document.sequence) else {
      throw RejectedReport(.field, "sequence must be from 1 to 2^63-1")
    }
    guard Self.statuses.contains(document.status) else {
      throw RejectedReport(.field, "status must be one of \(Self.statuses.sorted().joined(separator: ", "))")
    }
    sequence = document.sequence
    state = try Self.state(document)
  }

  private static func state(_ document: StateDocument) throws(RejectedReport) -> WireReportedState {
    var state = WireReportedState()
    state.status = document.status
    state.reason = cleaned(document.reason ?? "")
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
    guard (1...UInt64(Int64.max)).contains(version) else {
      throw RejectedReport(.field, "a version must be from 1 to 2^63-1")
    }
    guard let digest = SHA256Digest(digest) else {
      throw RejectedReport(.field, "\(name) must be sha256: and 64 hexadecimal digits")
    }
    return WireFirmwareReference.with {
      $0.version = version
      $0.digest = Data(digest.bytes)
    }
  }

  /// Without control characters (PostgreSQL's text takes no NUL, a terminal obeys others) and of bounded length.
  private static func cleaned(_ reason: String) -> String {
    var text = String.UnicodeScalarView()
    var bytes = 0
    for scalar in reason.unicodeScalars {
      let kept = scalar.properties.generalCategory == .control ? " " : scalar
      bytes += UTF8.width(kept)
      if bytes > maximumReasonBytes { break }
      text.append(kept)
    }
    return String(text)
  }

  private static func path(_ context: DecodingError.Context) -> String {
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return path.isEmpty ? "the payload" : path
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
