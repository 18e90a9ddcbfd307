import FirmwareImage
import FoundationEssentials
import Foundations
package import Messaging
import RegistryDomain
import TextFormats
import Wire

/// Shows lines of a device's log as they arrive: each once, in the device's order, and none left out.
package struct LogFollower {
  /// The deadline of a request that follows: what the Registry may wait for a line, and what its answer may take
  /// beside.
  private static let wait = Duration.seconds(25)

  private let client: any RPCCaller
  private var request = WireListLogs()
  private let deadline: Duration

  /// - Parameters:
  ///   - device: its UUID.
  ///   - level: only lines that matter at least so much; empty for all.
  ///   - text: only lines that hold this; empty for all.
  package init(client: any RPCCaller, device: String, level: String, text: String, deadline: Duration) throws {
    self.client = client
    self.deadline = deadline
    request.deviceID = Data(try FieldRules.deviceID(device).bytes)
    request.minimumLevel = level
    request.text = text
  }

  /// The newest lines, oldest first; what follows goes on from there.
  package mutating func start(count: UInt32) async throws -> [StoredLogLineDocument] {
    var newest = request
    newest.pageSize = max(count, 1)
    let page = try await client.call(newest, deadline: deadline)
    request.afterCursor = page.lastCursor
    return page.lines.suffix(Int(count)).map { StoredLogLineDocument($0) }
  }

  /// The lines that came since; waits for some, and answers with none after a while.
  package mutating func next() async throws -> [StoredLogLineDocument] {
    request.follow = true
    request.pageSize = UInt32(LogQuery.maximumPageSize)
    let page = try await client.call(request, deadline: max(deadline, Self.wait))
    request.afterCursor = page.lastCursor
    return page.lines.map { StoredLogLineDocument($0) }
  }
}

extension StoredLogLineDocument {
  /// The line for a terminal. A stored text has no control characters.
  package var textLine: String { "\(at)  \(level)  \(source)  \(text)" }

  /// The line as JSON in one line, for programs.
  ///
  /// - Parameter device: whose line it is, where lines of several are shown; nil leaves that out.
  package func jsonLine(device: String? = nil) throws -> String {
    String(decoding: try JSONCoding.encoder().encode(OfDevice(device: device, line: self)), as: UTF8.self)
  }

  private struct OfDevice: Encodable {
    let device: String?
    let line: StoredLogLineDocument

    private enum CodingKeys: String, CodingKey {
      case device
    }

    func encode(to encoder: any Encoder) throws {
      try line.encode(to: encoder)
      guard let device else { return }
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(device, forKey: .device)
    }
  }
}
