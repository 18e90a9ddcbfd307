internal import FoundationEssentials
import ServiceKit

/// What the server says it has, from `/devices/{id}/ack`. Any part may be missing, and whatever can't be read is left
/// out: what is not acknowledged is sent again.
struct Acknowledgement: Equatable {
  struct LogPosition: Decodable, Equatable {
    /// Which log.
    var log: String
    /// The ID of the last line.
    var through: UInt64
    /// The run of the agent that used IDs again which the server has other lines by; nil: it did not.
    var reused: String? = nil
  }

  private static let maximumBytes = 64 << 10

  var log: LogPosition?
  /// IDs of crash reports.
  var crashes: Set<String> = []

  init(_ payload: [UInt8]) {
    guard payload.count <= Self.maximumBytes,
      let parts = try? JSONCoding.decode(Parts.self, from: payload)
    else { return }
    log = parts.log
    crashes = parts.crashes
  }

  private struct Parts: Decodable {
    var log: LogPosition?
    var crashes: Set<String>

    private enum Key: String, CodingKey { case log, crashes }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      log = try? container.decode(LogPosition.self, forKey: .log)
      crashes = (try? container.decode(Set<String>.self, forKey: .crashes)) ?? []
    }
  }
}
