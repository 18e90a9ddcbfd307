import AppLink
import Foundations

/// What the developer of an app is told of a trap or a deadline beyond the engine's own words: what it likely was, the
/// limit, and the way out.
struct TrapAdvice: Sendable {
  private let limits: AppLimits
  private let startDeadline: Duration

  /// An address so near to the end of 32 bits comes of one below 0.
  private static let belowZero: UInt64 = 0x1_0000_0000 - (16 << 20)
  /// The engine stops at 20 frames.
  private static let deepFrames = 20

  init(_ limits: AppLimits, _ startDeadline: Duration) {
    self.limits = limits
    self.startDeadline = startDeadline
  }

  /// The advice on a call that did not end in time.
  func deadline(of call: String) -> String {
    switch call {
    case "xtb_event":
      "it may take \(Self.text(limits.eventDeadline)) (XTBLISH_DEVICE_APP_EVENT_MILLISECONDS): do less at a time, and go "
        + "on with a timer"
    case "_start":
      "it may compute for \(Self.text(limits.busyDeadline)) of processor time without once waiting or printing "
        + "(XTBLISH_DEVICE_APP_BUSY_SECONDS): poll or sleep in between"
    default:
      "all that comes before the first event may take \(Self.text(startDeadline)) (XTBLISH_DEVICE_APP_START_SECONDS): "
        + "do less there, and the rest in events"
    }
  }

  /// The likely cause of a trap; nil if the engine's words say it all.
  func cause(of trap: AppTrap) -> String? {
    switch trap.code {
    case "memory-out-of-bounds": outOfBounds(trap)
    case "stack-overflow":
      "calls are nested too deep for the \(limits.stackBytes >> 10) KiB that they may take: is there a recursion "
        + "without an end?"
    case "unreachable": "the app gave up: an abort, a panic, a failed assertion or check, or undefined behaviour"
    case "indirect-call-to-null": "a function was called by a pointer that is null"
    case "bad-signature": "a function was called by a pointer of another type than its own"
    case "table-out-of-bounds": "a function was called by a pointer that is none"
    default: nil
    }
  }

  private func outOfBounds(_ trap: AppTrap) -> String {
    let way =
      "recurse less, keep large arrays static, or link with a larger stack (wasm-ld -z stack-size=BYTES, with "
      + "--stack-first, which lets an overflow trap before it writes over other data)"
    if let address = Self.address(in: trap.message), address >= Self.belowZero {
      return "the address is below 0, which is likely an overflow of the app's own stack: \(way)"
    }
    let names = trap.frames.map { $0.functionIndex }
    if names.count >= Self.deepFrames, Set(names).count <= names.count / 4 {
      return "many calls of the same functions are nested, so it is likely an overflow of the app's own stack: \(way)"
    }
    return "a pointer or an index is wrong, or the memory could not grow"
  }

  /// "memory fault at wasm address 0xfffffff0 in linear memory of size 0x20000".
  static func address(in message: String) -> UInt64? {
    let words = message.split(separator: " ")
    guard let index = words.firstIndex(of: "address"), index + 1 < words.count, words[index + 1].hasPrefix("0x") else {
      return nil
    }
    return UInt64(words[index + 1].dropFirst(2), radix: 16)
  }

  private static func text(_ duration: Duration) -> String {
    let milliseconds = duration.clampedNanoseconds / 1_000_000
    return milliseconds.isMultiple(of: 1000) ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
  }
}
