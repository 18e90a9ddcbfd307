import FirmwareImage
import FoundationEssentials
import Foundations
package import Messaging
import RegistryDomain
import Wire

/// Shows events as they happen: each once, in the order of their IDs, and none left out.
package struct EventFollower {
  private let client: any RPCCaller
  private let device: Data
  private let deadline: Duration
  private var last: UInt64 = 0

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
    request.pageSize = max(count, 1)
    let events = try await client.call(request, deadline: deadline).events
    last = events.first?.id ?? 0
    return events.prefix(Int(count)).reversed().map { EventDocument($0) }
  }

  /// The events since; none if there are none yet. After the database was restored from a backup, none once, and then
  /// what happens from now on.
  package mutating func next() async throws -> [EventDocument] {
    var request = WireListEvents()
    request.deviceID = device
    request.afterID = last
    request.pageSize = UInt32(FieldRules.maximumPageSize)
    let events: [WireEvent]
    do throws(WireFailure) {
      events = try await client.call(request, deadline: deadline).events
    } catch {
      guard error.reason == RequestFailure.eventsWentBackReason else { throw error }
      // The database was restored from a backup: what happens from now on.
      return try await start(count: 0)
    }
    last = events.last?.id ?? last
    return events.map { EventDocument($0) }
  }
}
