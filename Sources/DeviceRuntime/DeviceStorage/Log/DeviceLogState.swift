import FoundationEssentials
import Foundations
import TextFormats

/// What the log remembers beside its lines.
struct DeviceLogState: Codable, Equatable {
  private static let name = "log-state.json"
  private static let maximumBytes = 1024

  /// Which log the IDs of the lines count in, 16 hexadecimal digits: a device that lost its flash begins another log,
  /// whose first line is not the old one's first line.
  var log: String
  /// Lines up to this ID were acknowledged.
  var acknowledged: UInt64

  /// The state of a log that nobody has seen yet.
  init() {
    log = RandomName.text(RandomName.make())
    acknowledged = 0
  }

  /// The state that the flash holds; nil if there is none that can be read.
  static func load(from flash: any Flash) -> DeviceLogState? {
    guard let bytes = try? flash.readAll(name, maximumBytes: maximumBytes),
      let state = try? JSONCoding.decode(DeviceLogState.self, from: bytes), state.log.utf8.count == 16,
      Hexadecimal.decode(state.log) != nil
    else { return nil }
    return state
  }

  /// Writes the state; durable when this returns.
  func save(to flash: any Flash) throws(FlashError) {
    guard let bytes = try? JSONCoding.encoder().encode(self) else {
      throw FlashError(.failed, "the log's state can't be encoded")
    }
    try flash.replace(Self.name, with: Array(bytes))
  }

  static func remove(from flash: any Flash) { try? flash.remove(name) }
}
