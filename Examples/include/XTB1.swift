// The host API of xtblish devices for Embedded Swift, as xtb1.h has it for C, where the calls are explained.

// The calls themselves: functions of the file, because a type's own would get a hidden argument more.

@_extern(wasm, module: "xtb1", name: "log")
@_extern(c, "xtb_log")
func hostLog(_ level: Int32, _ text: UnsafePointer<UInt8>, _ length: UInt32) -> Int32

@_extern(wasm, module: "xtb1", name: "clock_ns")
@_extern(c, "xtb_clock_ns")
func hostClockNanoseconds(_ clock: Int32) -> Int64

@_extern(wasm, module: "xtb1", name: "clock_res_ns")
@_extern(c, "xtb_clock_res_ns")
func hostClockResolutionNanoseconds(_ clock: Int32) -> Int64

@_extern(wasm, module: "xtb1", name: "timer_start")
@_extern(c, "xtb_timer_start")
func hostTimerStart(_ first: Int64, _ period: Int64) -> Int32

@_extern(wasm, module: "xtb1", name: "timer_stop")
@_extern(c, "xtb_timer_stop")
func hostTimerStop(_ handle: Int32) -> Int32

@_extern(wasm, module: "xtb1", name: "publish")
@_extern(c, "xtb_publish")
func hostPublish(
  _ topic: UnsafePointer<UInt8>, _ topicLength: UInt32, _ payload: UnsafePointer<UInt8>, _ payloadLength: UInt32,
  _ qos: Int32
) -> Int32

@_extern(wasm, module: "xtb1", name: "config_get")
@_extern(c, "xtb_config_get")
func hostConfigGet(
  _ key: UnsafePointer<UInt8>, _ keyLength: UInt32, _ buffer: UnsafeMutablePointer<UInt8>, _ capacity: UInt32
) -> Int32

@_extern(wasm, module: "xtb1", name: "device_id")
@_extern(c, "xtb_device_id")
func hostDeviceID(_ buffer: UnsafeMutablePointer<UInt8>) -> Int32

@_extern(wasm, module: "xtb1", name: "health_confirm")
@_extern(c, "xtb_health_confirm")
func hostHealthConfirm() -> Int32

@_extern(wasm, module: "xtb1", name: "random")
@_extern(c, "xtb_random")
func hostRandom(_ buffer: UnsafeMutablePointer<UInt8>, _ length: UInt32) -> Int32

/// First argument of `xtb_event`.
enum Event {
  static let timer: Int32 = 1
  static let published: Int32 = 2
}

enum LogLevel: Int32 {
  case debug = 0
  case info = 1
  case warning = 2
  case error = 3
}

/// Text that is put together in place, without memory allocation. What does not fit is left out.
struct TextBuffer {
  private var bytes = InlineArray<256, UInt8>(repeating: 0)
  private(set) var count = 0

  mutating func append(_ byte: UInt8) {
    guard count < bytes.count else { return }
    bytes[count] = byte
    count += 1
  }

  mutating func append(_ text: StaticString) {
    for index in 0..<text.utf8CodeUnitCount { append(text.utf8Start[index]) }
  }

  mutating func append(_ number: Int64) {
    if number < 0 { append(UInt8(ascii: "-")) }
    var rest = number.magnitude
    var digits = InlineArray<20, UInt8>(repeating: 0)
    var length = 0
    repeat {
      digits[length] = UInt8(ascii: "0") + UInt8(rest % 10)
      rest /= 10
      length += 1
    } while rest > 0
    while length > 0 {
      length -= 1
      append(digits[length])
    }
  }

  /// Hundredths as a decimal number: 2135 is "21.35".
  mutating func append(hundredths: Int64) {
    if hundredths < 0 { append(UInt8(ascii: "-")) }
    let magnitude = Int64(hundredths.magnitude)
    append(magnitude / 100)
    append(UInt8(ascii: "."))
    append(UInt8(ascii: "0") + UInt8(magnitude % 100 / 10))
    append(UInt8(ascii: "0") + UInt8(magnitude % 10))
  }

  func withBytes<Result>(_ body: (UnsafePointer<UInt8>, UInt32) -> Result) -> Result {
    withUnsafePointer(to: bytes) { pointer in
      body(UnsafeRawPointer(pointer).assumingMemoryBound(to: UInt8.self), UInt32(count))
    }
  }
}

func log(_ level: LogLevel, _ text: TextBuffer) {
  _ = text.withBytes { hostLog(level.rawValue, $0, $1) }
}

/// The message's ID, or what `xtb1.h` calls XTB_E… .
@discardableResult
func publish(_ topic: StaticString, _ payload: TextBuffer, qos: Int32) -> Int32 {
  payload.withBytes { hostPublish(topic.utf8Start, UInt32(topic.utf8CodeUnitCount), $0, $1, qos) }
}

/// A whole number of the configuration, or `fallback` if there is none that can be read.
func configuredNumber(_ key: StaticString, fallback: Int64) -> Int64 {
  var buffer = InlineArray<16, UInt8>(repeating: 0)
  let count = withUnsafeMutablePointer(to: &buffer) { pointer in
    hostConfigGet(
      key.utf8Start, UInt32(key.utf8CodeUnitCount),
      UnsafeMutableRawPointer(pointer).assumingMemoryBound(to: UInt8.self),
      16)
  }
  guard count > 0, count <= 16 else { return fallback }
  var number: Int64 = 0
  for index in 0..<Int(count) {
    let byte = buffer[index]
    guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return fallback }
    // Sixteen digits can't overflow. A checked product of 64 bits would need a runtime library.
    number = number &* 10 &+ Int64(byte - UInt8(ascii: "0"))
  }
  return number
}
