/// A part of the list of devices, over HTTP. Without a cursor it was the last.
struct DeviceListDocument: Codable, Sendable {
  var devices: [DeviceDocument]
  var nextCursor: String?
}

/// A part of the list of a device's firmware.
struct FirmwareListDocument: Codable, Sendable {
  var firmware: [FirmwareDocument]
  var nextCursor: String?
}

/// A part of the list of events.
struct EventListDocument: Codable, Sendable {
  var events: [EventDocument]
  var nextCursor: String?
}
