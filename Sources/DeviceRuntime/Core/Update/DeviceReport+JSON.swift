internal import FirmwareImage
internal import FoundationEssentials

extension DeviceReport {
  private struct Payload: Encodable {
    struct Failed: Encodable {
      var version: UInt64
      var digest: String
    }

    var sequence: UInt64
    var version: UInt64
    var digest: String
    var slot: String
    var status: String
    var reason: String
    var failed: Failed?
    var switchGapNanoseconds: UInt64?
  }

  /// - Parameter sequence: higher than that of every report before it, over restarts too.
  package func json(sequence: UInt64) throws -> [UInt8] {
    let payload = Payload(
      sequence: sequence, version: version, digest: digest?.description ?? "", slot: slot?.rawValue ?? "",
      status: status.rawValue, reason: reason,
      failed: failed.map { Payload.Failed(version: $0.version, digest: $0.digest.description) },
      switchGapNanoseconds: switchGapNanoseconds)
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(payload))
  }
}
