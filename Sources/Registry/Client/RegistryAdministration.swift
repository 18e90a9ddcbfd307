package import FoundationEssentials
import Foundations
package import Messaging
import RegistryDomain
package import ServiceKit
import Wire

/// What operators do with the Registry, over the bus. Devices are named as people do: by their IDs, their names, or
/// the beginning of either. Every call throws a `WireFailure` with the Registry's own words, or `AdminError` for a
/// name that means no device or several.
package struct RegistryAdministration: Sendable {
  let client: any RPCCaller
  let deadline: Duration

  /// - Parameter deadline: for each single request.
  package init(_ client: any RPCCaller, deadline: Duration) {
    self.client = client
    self.deadline = deadline
  }

  /// The device that is named so.
  package func device(_ id: String) async throws -> DeviceDocument {
    var request = WireGetDevice()
    request.id = try await bytes(id)
    return DeviceDocument(try await client.call(request, deadline: deadline))
  }

  /// The devices that fit all of it, by name; empty texts and lists ask for nothing.
  ///
  /// - Parameters:
  ///   - state: `online`, `offline` or a ``DeploymentState``; those out of service are left out unless asked for.
  ///   - limit: nil for all.
  package func devices(
    namePrefix: String, tags: [String], state: String, health: String = "", limit: Int?
  ) async throws -> (items: [DeviceDocument], hasMore: Bool) {
    var request = WireListDevices()
    request.namePrefix = namePrefix
    // The first also where a Registry of the release before looks for the only one.
    request.tag = tags.first ?? ""
    request.tags = tags
    request.state = state
    request.health = health
    return try await collect(limit) { (size, cursor: String?) in
      request.pageSize = size
      request.cursor = cursor ?? ""
      let page = try await client.call(request, deadline: deadline)
      let devices = page.devices.map { DeviceDocument($0) }.filter { Set(tags).isSubset(of: $0.tags) }
      return (devices, page.nextCursor.isEmpty ? nil : page.nextCursor)
    }
  }

  /// Makes a device.
  ///
  /// - Parameters:
  ///   - id: a UUID; nil for a random one.
  ///   - serial: the board's serial number; empty for none.
  package func create(id: String?, name: String, tags: [String], serial: String) async throws -> DeviceDocument {
    var request = WireCreateDevice()
    // Chosen here, so that asking again after a lost answer makes no second device.
    request.id = try id.map(newID) ?? Data(DeviceID.random().bytes)
    request.name = name
    request.tags = tags
    request.serial = serial
    return DeviceDocument(try await client.call(request, deadline: deadline))
  }

  /// Changes a device's name or tags.
  ///
  /// - Parameters:
  ///   - name: nil leaves it as it is, as with `tags`.
  ///   - revision: the change is refused if the device has another one by now; nil: whatever it has.
  package func update(
    _ id: String, name: String?, tags: [String]?, revision: UInt64? = nil
  ) async throws -> DeviceDocument {
    var request = WireUpdateDevice()
    request.revision = revision ?? 0
    request.id = try await bytes(id)
    if let name { request.name = name }
    if let tags {
      var set = WireUpdateDevice.TagSet()
      set.tags = tags
      request.tags = set
    }
    return DeviceDocument(try await client.call(request, deadline: deadline))
  }

  /// Removes a device with its history, and takes its certificates back.
  package func delete(_ id: String) async throws {
    var request = WireDeleteDevice()
    request.id = try await bytes(id)
    _ = try await client.call(request, deadline: deadline)
  }

  /// Has a device notified once more of the version that it should run.
  ///
  /// - Returns: the version.
  package func renotify(_ id: String) async throws -> UInt64 {
    var request = WireRenotifyDevice()
    request.deviceID = try await bytes(id)
    return try await client.call(request, deadline: deadline).version
  }

  /// One version of a device's firmware.
  ///
  /// - Parameter version: nil for the newest.
  package func firmware(of id: String, version: UInt64?) async throws -> FirmwareDocument {
    var request = WireFindFirmware()
    request.deviceID = try await bytes(id)
    request.version = version ?? 0
    return FirmwareDocument(try await client.call(request, deadline: deadline))
  }

  /// How long each step of a deployment took.
  ///
  /// - Parameter version: nil for the newest.
  package func trace(of id: String, version: UInt64?) async throws -> DeploymentTraceDocument {
    var request = WireGetDeploymentTrace()
    request.deviceID = try await bytes(id)
    request.version = version ?? 0
    return DeploymentTraceDocument(try await client.call(request, deadline: deadline))
  }

  /// A device's firmware, newest first.
  ///
  /// - Parameter limit: nil for all.
  package func firmware(of id: String, limit: Int?) async throws -> (items: [FirmwareDocument], hasMore: Bool) {
    var request = WireListFirmware()
    request.deviceID = try await bytes(id)
    return try await collect(limit) { (size, before: UInt64?) in
      request.pageSize = size
      request.beforeVersion = before ?? 0
      let page = try await client.call(request, deadline: deadline)
      return (page.firmware.map { FirmwareDocument($0) }, page.nextBeforeVersion == 0 ? nil : page.nextBeforeVersion)
    }
  }

  /// What happened, newest first.
  ///
  /// - Parameters:
  ///   - id: a device's; nil for all devices.
  ///   - limit: nil for all.
  package func events(of id: String?, limit: Int?) async throws -> (items: [EventDocument], hasMore: Bool) {
    var request = WireListEvents()
    request.deviceID = try await optionalBytes(id)
    request.newestFirst = true
    return try await collect(limit) { (size, before: UInt64?) in
      request.pageSize = size
      request.beforeID = before ?? 0
      let events = try await client.call(request, deadline: deadline).events
      return (events.map { EventDocument($0) }, events.count < size ? nil : events.last?.id)
    }
  }

  /// Gives a device the image again that it rolled back or refused, as its next version.
  ///
  /// - Returns: the new version.
  package func retryFirmware(_ id: String) async throws -> UInt64 {
    var request = WireRetryFirmware()
    request.deviceID = try await bytes(id)
    return try await client.call(request, deadline: deadline).version
  }

  /// Takes a device back to an earlier image.
  ///
  /// - Parameter version: whose image; nil: the newest of another image that the device confirmed.
  /// - Returns: the new version, and the earlier one whose image it is.
  package func rollBackFirmware(_ id: String, to version: UInt64?) async throws -> (version: UInt64, earlier: UInt64) {
    var request = WireRollBackFirmware()
    request.deviceID = try await bytes(id)
    request.version = version ?? 0
    // Chosen here, so that asking again after a lost answer makes no second version.
    request.idempotencyKey = "\(DeviceID.random())"
    let answer = try await client.call(request, deadline: deadline)
    return (answer.version, answer.imageOf)
  }

  /// The newest lines of a device's log, oldest first.
  ///
  /// - Parameter limit: nil for all.
  package func logs(
    of id: String, level: String, text: String, limit: Int?
  ) async throws -> (items: [StoredLogLineDocument], hasMore: Bool) {
    var request = WireListLogs()
    request.deviceID = try await bytes(id)
    request.minimumLevel = level
    request.text = text
    let (newestFirst, hasMore) = try await collect(limit, pageSize: LogQuery.maximumPageSize) {
      (size, before: UInt64?) in
      request.pageSize = size
      request.beforeCursor = before ?? 0
      let page = try await client.call(request, deadline: deadline)
      return (page.lines.reversed().map { StoredLogLineDocument($0) }, page.more ? page.lines.first?.cursor : nil)
    }
    return (newestFirst.reversed(), hasMore)
  }

  /// Crashes, newest first, without their last log lines.
  ///
  /// - Parameters:
  ///   - device: nil for all devices.
  ///   - app: the name of an app; nil for all apps.
  ///   - grouped: equal crashes as their newest one, with their count.
  ///   - limit: nil for all.
  package func crashes(
    device: String?, app: String?, grouped: Bool, limit: Int?
  ) async throws -> (items: [CrashDocument], hasMore: Bool) {
    var request = WireListCrashes()
    request.deviceID = try await optionalBytes(device)
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

  /// One crash with everything that is known of it.
  package func crash(_ number: UInt64) async throws -> CrashDocument {
    var request = WireGetCrash()
    request.number = number
    return CrashDocument(try await client.call(request, deadline: deadline), isWhole: true)
  }

  /// The devices that a person named, each once, in the order in which they were named.
  package func devices(named texts: [String]) async throws -> [DeviceDocument] {
    var devices: [DeviceDocument] = []
    for text in texts {
      let device = try await device(text)
      if !devices.contains(where: { $0.id == device.id }) { devices.append(device) }
    }
    return devices
  }

  /// The ID of the device that a person names, and its name if the Registry had to be asked for it.
  package func found(_ text: String) async throws -> DeviceReference.Found {
    try await DeviceReference(text).find(client, deadline: deadline)
  }

  /// The ID of the device that a person names.
  package func deviceID(_ text: String) async throws -> String { DeviceReference.uuid(try await bytes(text)) }

  /// The ID of the device that a person names, in 16 bytes.
  package func deviceBytes(_ text: String) async throws -> Data { try await bytes(text) }

  /// The ID in 16 bytes of the device that a person names.
  func bytes(_ text: String) async throws -> Data {
    try await DeviceReference(text).resolve(client, deadline: deadline)
  }

  /// The ID in bytes of the device that a person names, or none for nil.
  private func optionalBytes(_ text: String?) async throws -> Data {
    if let text { try await bytes(text) } else { Data() }
  }

  private func newID(_ text: String) throws -> Data { Data(try FieldRules.deviceID(text).bytes) }

  /// Asks for page after page, until there are `limit` items or no more pages.
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
