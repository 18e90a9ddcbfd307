package import TextFormats

/// What a device measured of its way to a `version`, by its monotonic clock: `marks` since the notification reached it, of
/// which the last is when it said so.
package struct DeviceTiming: Sendable, Equatable {
  package var version: UInt64
  package var marks: [DeploymentMark]
  /// The span that the device hung its own below: 16 hexadecimal digits, or empty.
  package var parentSpan: String
  /// The size of the image that it fetched; 0: not known.
  package var imageBytes: UInt64

  package init(version: UInt64, marks: [DeploymentMark], parentSpan: String = "", imageBytes: UInt64 = 0) {
    self.version = version
    self.marks = marks.plausible
    self.parentSpan = parentSpan
    self.imageBytes = min(imageBytes, UInt64(Int64.max))
  }

  /// As it is stored, without the version.
  package var json: JSONValue {
    var members: [String: JSONValue] = ["marks": marks.json, "imageBytes": .integer(Int64(clamping: imageBytes))]
    if !parentSpan.isEmpty { members["parentSpan"] = .string(parentSpan) }
    return .object(members)
  }

  init?(_ json: JSONValue?, version: UInt64) {
    guard case .object(let members) = json else { return nil }
    var parentSpan = ""
    if case .string(let text) = members["parentSpan"] { parentSpan = text }
    var imageBytes: UInt64 = 0
    if case .integer(let number) = members["imageBytes"] { imageBytes = UInt64(clamping: number) }
    self.init(
      version: version, marks: [DeploymentMark](members["marks"]), parentSpan: parentSpan, imageBytes: imageBytes)
  }
}
