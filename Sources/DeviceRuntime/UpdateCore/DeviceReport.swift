package import DeviceProtocol
package import Foundations

/// What a device says it runs, on `/devices/{id}/state`, and in which `status` that is.
package struct DeviceReport: Sendable, Hashable {
  /// The version that runs; 0: nothing runs yet.
  package var version: UInt64
  /// The SHA-256 of the wasm that runs; nil: nothing runs yet.
  package var digest: SHA256Digest?
  /// The slot of what runs; nil: nothing runs yet.
  package var slot: Slot?
  package var status: RunStatus
  /// Why the version in `failed` was not kept; else empty.
  package var reason: String
  /// The version that was not kept, for `rolledBack` and `refused`; else nil.
  package var failed: FailedVersion?
  /// For how long no app handled events when one last took over from another, since the agent started; nil: none did.
  package var switchGapNanoseconds: UInt64? = nil
  /// What an update waits for; nil: nothing.
  package var waiting: Hindrance? = nil
}

extension DeviceReport {
  /// The report for a broker that takes little: texts are cut to 64 bytes.
  package var inFewWords: DeviceReport {
    var short = self
    short.reason = reason.prefixOfUTF8(Self.fewWordsBytes)
    short.waiting?.reason = waiting?.reason.prefixOfUTF8(Self.fewWordsBytes) ?? ""
    return short
  }

  private static let fewWordsBytes = 64
}

extension UpdateMachine {
  /// What the device is to say now, without what it waits for.
  package var report: DeviceReport {
    if case .trial(let slot) = phase {
      return DeviceReport(
        version: record[slot].version, digest: record[slot].digest, slot: slot, status: .trial, reason: "", failed: nil,
        switchGapNanoseconds: switchGapNanoseconds)
    }
    let slot = record.active.flatMap { record[$0].version == 0 ? nil : $0 }
    let status: RunStatus =
      switch record.failed?.kind {
      case .rolledBack: .rolledBack
      case .refused: .refused
      case nil: .confirmed
      }
    return DeviceReport(
      version: slot.map { record[$0].version } ?? 0, digest: slot.flatMap { record[$0].digest }, slot: slot,
      status: status, reason: record.failed?.reason ?? "", failed: record.failed,
      switchGapNanoseconds: switchGapNanoseconds)
  }
}
