import AppLink
import Glibc

/// An open channel of Linux's industrial I/O. Its files stay open, as the app's process can open none later.
final class IndustrialChannel: Sendable {
  private let descriptor: Int32
  private let offset: Double
  private let scale: Double
  private let microUnitsPerUnit: Double

  /// Throws what can't be read, for people.
  init(_ input: IndustrialInput) throws(AppLaunchError) {
    let path = "\(input.devicePath)/\(input.channel)"
    microUnitsPerUnit = input.microUnitsPerUnit
    let processed = open("\(path)_input", O_RDONLY | O_CLOEXEC)
    if processed >= 0 {
      (descriptor, offset, scale) = (processed, 0, 1)
      return
    }
    let raw = open("\(path)_raw", O_RDONLY | O_CLOEXEC)
    guard raw >= 0 else {
      throw AppLaunchError("neither \(path)_input nor \(path)_raw can be opened: \(String(cString: strerror(errno)))")
    }
    // Drivers share them between the channels of a kind: in_voltage0_raw and in_voltage_scale.
    let shared = String(path.reversed().drop { $0.isNumber }.reversed())
    descriptor = raw
    offset = Self.number(of: "\(path)_offset") ?? Self.number(of: "\(shared)_offset") ?? 0
    scale = Self.number(of: "\(path)_scale") ?? Self.number(of: "\(shared)_scale") ?? 1
  }

  deinit { close(descriptor) }

  /// The value now, in millionths of the board's unit; nil if the kernel does not tell.
  func microUnits() -> Int64? {
    guard let value = Self.number(in: descriptor) else { return nil }
    return Int64(clamping: (value + offset) * scale * microUnitsPerUnit)
  }

  private static func number(of path: String) -> Double? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return number(in: descriptor)
  }

  private static func number(in descriptor: Int32) -> Double? {
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = pread(descriptor, &buffer, buffer.count, 0)
    guard count > 0 else { return nil }
    let text = String(decoding: buffer[..<count].prefix { $0 != UInt8(ascii: "\n") && $0 != 0 }, as: UTF8.self)
    return Double(text).flatMap { $0.isFinite ? $0 : nil }
  }
}
