internal import FoundationEssentials
import ServiceKit

/// What the server says it has, from `/devices/{id}/ack`. Any part may be missing, and whatever can't be read is left
/// out: what is not acknowledged is sent again.
package struct Acknowledgement: Equatable {
  package struct LogPosition: Decodable, Equatable {
    /// Which log.
    package var log: String
    /// The ID of the last line.
    package var through: UInt64
    /// The run of the agent that used IDs again which the server has other lines by; nil: it did not.
    package var reused: String? = nil
  }

  private static let maximumBytes = 64 << 10

  package var log: LogPosition?
  /// IDs of crash reports.
  package var crashes: Set<String> = []

  package init(_ payload: [UInt8]) {
    guard payload.count <= Self.maximumBytes,
      let parts = try? JSONCoding.decode(Parts.self, from: payload)
    else { return }
    log = parts.log
    crashes = parts.crashes
  }

  private struct Parts: Decodable {
    package var log: LogPosition?
    var crashes: Set<String>

    private enum Key: String, CodingKey { case log, crashes }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: Key.self)
      log = try? container.decode(LogPosition.self, forKey: .log)
      crashes = (try? container.decode(Set<String>.self, forKey: .crashes)) ?? []
    }
  }
}
