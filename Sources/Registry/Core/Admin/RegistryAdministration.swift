import FirmwareImage
import FoundationEssentials
package import Messaging
import Wire

/// What operators do with the Registry, over the bus. Devices are named by the texts of their UUIDs.
package struct RegistryAdministration: Sendable {
  let client: any RPCCaller
  let deadline: Duration

  /// - Parameter deadline: for each single request.
  package init(_ client: any RPCCaller, deadline: Duration) {
    self.client = client
    self.deadline = deadline
  }

  package func device(_ id: String) async throws -> DeviceDocument {
    var request = WireGetDevice()
    request.id = try bytes(id)
    return DeviceDocument(try await client.call(request, deadline: deadline))
  }

  /// - Parameter limit: nil for all.
  package func devices(
    namePrefix: String, tag: String, state: String, limit: Int?
  ) async throws -> (items: [DeviceDocument], hasMore: Bool) {
    var request = WireListDevices()
    request.namePrefix = namePrefix
    request.tag = tag
    request.state = state
    return try await collect(limit) { (size, cursor: String?) in
      request.pageSize = size
      request.cursor = cursor ?? ""
      let page = try await client.call(request, deadline: deadline)
      return (page.devices.map { DeviceDocument($0) }, page.nextCursor.isEmpty ? nil : page.nextCursor)
    }
  }

  package func create(id: String?, name: String, tags: [String], serial: String) async throws -> DeviceDocument {
    var request = WireCreateDevice()
    // Chosen here, so that asking again after a lost answer makes no second device.
    request.id = try id.map(bytes) ?? Data(DeviceID.random().bytes)
    request.name = name
    request.tags = tags
    request.serial = serial
    return DeviceDocument(try await client.call(request, deadline: deadline))
  }

  /// - Parameters:
  ///   - tags: nil leaves them as they are, as with `name`.
  ///   - revision: the change is refused if the device has another one by now; nil: whatever it has.
  package func update(
    _ id: String, name: String?, tags: [String]?, revision: UInt64? = nil
  ) async throws -> DeviceDocument {
    var request = WireUpdateDevice()
    request.revision = revision ?? 0
    request.id = try bytes(id)
    if let name { request.name = name }
    if let tags {
      var set = WireUpdateDevice.TagSet()
      set.tags = tags
      request.tags = set
    }
    return DeviceDocument(try await client.call(request, deadline: deadline))
  }

  package func delete(_ id: String) async throws {
    var request = WireDeleteDevice()
    request.id = try bytes(id)
    _ = try await client.call(request, deadline: deadline)
  }

  /// - Returns: the version that is notified again.
  package func renotify(_ id: String) async throws -> UInt64 {
    var request = WireRenotifyDevice()
    request.deviceID = try bytes(id)
    return try await client.call(request, deadline: deadline).version
  }

  /// - Parameter version: nil for the newest.
  package func firmware(of id: String, version: UInt64?) async throws -> FirmwareDocument {
    var request = WireFindFirmware()
    request.deviceID = try bytes(id)
    request.version = version ?? 0
    return FirmwareDocument(try await client.call(request, deadline: deadline))
  }

  package func firmware(of id: String, limit: Int?) async throws -> (items: [FirmwareDocument], hasMore: Bool) {
    var request = WireListFirmware()
    request.deviceID = try bytes(id)
    return try await collect(limit) { (size, before: UInt64?) in
      request.pageSize = size
      request.beforeVersion = before ?? 0
      let page = try await client.call(request, deadline: deadline)
      return (page.firmware.map { FirmwareDocument($0) }, page.nextBeforeVersion == 0 ? nil : page.nextBeforeVersion)
    }
  }

  /// Newest first.
  package func events(of id: String?, limit: Int?) async throws -> (items: [EventDocument], hasMore: Bool) {
    var request = WireListEvents()
    request.deviceID = try id.map(bytes) ?? Data()
    request.newestFirst = true
    return try await collect(limit) { (size, before: UInt64?) in
      request.pageSize = size
      request.beforeID = before ?? 0
      let events = try await client.call(request, deadline: deadline).events
      return (events.map { EventDocument($0) }, events.count < size ? nil : events.last?.id)
    }
  }

  /// - Returns: the new version.
  package func retryFirmware(_ id: String) async throws -> UInt64 {
    var request = WireRetryFirmware()
    request.deviceID = try bytes(id)
    return try await client.call(request, deadline: deadline).version
  }

  /// The newest lines of a device's log, oldest first.
  ///
  /// - Parameter limit: nil for all.
  package func logs(
    of id: String, level: String, text: String, limit: Int?
  ) async throws -> (items: [LogLineDocument], hasMore: Bool) {
    var request = WireListLogs()
    request.deviceID = try bytes(id)
    request.minimumLevel = level
    request.text = text
    let (newestFirst, hasMore) = try await collect(limit, pageSize: LogQuery.maximumPageSize) {
      (size, before: UInt64?) in
      request.pageSize = size
      request.beforeCursor = before ?? 0
      let page = try await client.call(request, deadline: deadline)
      return (page.lines.reversed().map { LogLineDocument($0) }, page.more ? page.lines.first?.cursor : nil)
    }
    return (newestFirst.reversed(), hasMore)
  }

  /// Newest first.
  ///
  /// - Parameter limit: nil for all.
  package func crashes(
    device: String?, app: String?, grouped: Bool, limit: Int?
  ) async throws -> (items: [CrashDocument], hasMore: Bool) {
    var request = WireListCrashes()
    request.deviceID = try device.map(bytes) ?? Data()
    request.appName = app ?? ""
    request.grouped = grouped
    return try await collect(limit) { (size, cursor: String?) in
      request.pageSize = size
      request.cursor = cursor ?? ""
      let page = try await client.call(request, deadline: deadline)
      return (
        page.crashes.map { CrashDocument($0, isWhole: false) }, page.nextCursor.isEmpty ? nil : page.nextCursor
      )
    }
  }

  package func crash(_ number: UInt64) async throws -> CrashDocument {
    var request = WireGetCrash()
    request.number = number
    return CrashDocument(try await client.call(request, deadline: deadline), isWhole: true)
  }

  func bytes(_ id: String) throws -> Data {
    Data(try FieldRules.deviceID(id).bytes)
  }

  /// Page after page, until there are enough.
  func collect<Item, Position>(
    _ limit: Int?, pageSize: Int = FieldRules.maximumPageSize,
    _ page: (UInt32, Position?) async throws -> (items: [Item], next: Position?)
  ) async throws -> (items: [Item], hasMore: Bool) {
    var items: [Item] = []
    var position: Position?
    repeat {
      let wanted = min(limit.map { $0 - items.count } ?? .max, pageSize)
      if wanted == 0 { return (items, true) }
      let part = try await page(UInt32(wanted), position)
      items += part.items
      position = part.next
    } while position != nil
    return (items, false)
  }
}
