internal import FirmwareImage
internal import FoundationEssentials
internal import Foundations
internal import UpdateCore

extension DeviceReport {
  private struct Payload: Encodable {
    struct Failed: Encodable {
      var version: UInt64
      var digest: String
    }

    struct Waiting: Encodable {
      var version: UInt64
      var reason: String
      /// Seconds since 1970.
      var since: UInt64
    }

    var sequence: UInt64
    var epoch: String
    var supersedes: ReportPosition?
    var version: UInt64
    var digest: String
    var slot: String
    var status: String
    var reason: String
    var failed: Failed?
    var switchGapNanoseconds: UInt64?
    var waiting: Waiting?
    var run: String?
  }

  /// - Parameters:
  ///   - position: its sequence is higher than that of every report before it of the same epoch, over restarts too.
  ///   - supersedes: what the Registry holds in its place, as it said.
  ///   - run: the name of this process of the agent: two that take turns are two machines with one identity.
  func json(at position: ReportPosition, supersedes: ReportPosition? = nil, run: String? = nil) throws -> [UInt8] {
    let payload = Payload(
      sequence: position.sequence, epoch: position.epoch, supersedes: supersedes, version: version,
      digest: digest?.description ?? "", slot: slot?.rawValue ?? "",
      status: status.rawValue, reason: reason,
      failed: failed.map { Payload.Failed(version: $0.version, digest: $0.digest.description) },
      switchGapNanoseconds: switchGapNanoseconds,
      waiting: waiting.map {
        Payload.Waiting(version: $0.version, reason: $0.reason, since: $0.since.nanoseconds / 1_000_000_000)
      },
      run: run)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(payload))
  }
}
