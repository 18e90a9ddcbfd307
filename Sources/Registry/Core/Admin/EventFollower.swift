import FirmwareImage
import FoundationEssentials
package import Messaging
import Wire

/// Shows events as they happen: each once, in the order of their IDs, and none left out.
package struct EventFollower {
  private let client: any RPCCaller
  private let device: Data
  private let deadline: Duration
  private var last: UInt64 = 0
  /// Shown before it was certain that none would come between them.
  private var shown: Set<UInt64> = []

  /// - Parameter device: its UUID, or nil for all devices.
  package init(client: any RPCCaller, device: String?, deadline: Duration) throws {
    self.client = client
    self.device = Data(try device.map { try FieldRules.deviceID($0).bytes } ?? [])
    self.deadline = deadline
  }

  /// The newest events, oldest first; what follows goes on from there.
  package mutating func start(count: UInt32) async throws -> [EventDocument] {
    var request = WireListEvents()
    request.deviceID = device
    request.newestFirst = true
    request.pageSize = max(count, UInt32(FieldRules.defaultPageSize))
    let events = try await client.call(request, deadline: deadline).events.reversed()
    // An event in a transaction that is not finished may still come between these.
    last = events.first.map { $0.id - 1 } ?? 0
    shown = Set(events.map(\.id))
    return events.suffix(Int(count)).map { EventDocument($0) }
  }

  /// What came since.
  package mutating func next() async throws -> [EventDocument] {
    var request = WireListEvents()
    request.deviceID = device
    request.afterID = last
    request.pageSize = UInt32(FieldRules.maximumPageSize)
    let events = try await client.call(request, deadline: deadline).events
    last = events.last?.id ?? last
    return events.filter { shown.remove($0.id) == nil }.map { EventDocument($0) }
  }
}
