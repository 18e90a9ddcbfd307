/// What `xtb_event` and `poll` tell an app.
struct HostEvent: Equatable {
  /// The numbers are the API's: they never change.
  enum Kind: Int32, CaseIterable {
    case timer = 1
    case published = 2
    case message = 3
    case subscribed = 4
    case pin = 5
  }

  var kind: Kind
  var handle: Int32
  /// When it happened, on the monotonic clock in nanoseconds.
  var time: UInt64
  var argument: Int64

  /// The 32 bytes that `poll` writes.
  var record: [UInt8] {
    var bytes: [UInt8] = []
    for number in [UInt64(UInt32(bitPattern: kind.rawValue)) | UInt64(UInt32(bitPattern: handle)) << 32, time] {
      bytes += (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
    }
    let argument = UInt64(bitPattern: argument)
    bytes += (0..<8).map { UInt8(truncatingIfNeeded: argument >> ($0 * 8)) }
    return bytes + [UInt8](repeating: 0, count: 8)
  }
}

extension HostEvent.Kind {
  /// What the reference page says of it.
  var documentation: String {
    switch self {
    case .timer:
      "A timer came due. handle: the timer. time_ns: when it was due. arg: how many further periods have passed since."
    case .published:
      "A publication was settled. handle: its message ID. arg: 0, or the MQTT reason code with which it was refused."
    case .message:
      "A message came. handle: the subscription, which `msg_read` takes during this event. arg: the payload's length."
    case .subscribed:
      """
      A subscription was settled. handle: the subscription. arg: 0, or the MQTT reason code with which the broker \
      refused it; the handle is then gone.
      """
    case .pin: "A watched pin changed. handle: the pin. arg: its level, 0 or 1."
    }
  }
}
