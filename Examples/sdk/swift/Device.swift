import CXTB1

/// The device on which the app runs, and what it was told about the app.
public enum Device {
  /// Why an app is started.
  public enum ResetReason: Equatable, Sendable {
    /// The device was switched on, or its agent began anew.
    case power
    /// This is the first start of a new version.
    case update
    /// A newer version was taken back.
    case rollback
    /// The app's last run crashed.
    case trap
    /// Its last run took too long in a call.
    case deadline
    /// Its last run did not feed its watchdog.
    case watchdog
    /// Its last run ended by itself.
    case exit
    case unknown(Int32)
  }

  /// 16 bytes.
  public static var id: [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 16)
    bytes.withUnsafeMutableBufferPointer { _ = xtb_device_id($0.baseAddress) }
    return bytes
  }

  /// The value of a configuration key; nil if there is none.
  public static func configuration(_ key: String) -> [UInt8]? {
    try? [UInt8].filled { buffer, capacity in
      key.withBytes { xtb_config_get($0, $1, buffer?.assumingMemoryBound(to: CChar.self), capacity) }
    }
  }

  /// A whole number of the configuration; nil if there is none, or it is not one within 18 digits.
  public static func configuredNumber(_ key: String) -> Int64? {
    guard let digits = configuration(key), (1...18).contains(digits.count) else { return nil }
    var number: Int64 = 0
    for digit in digits {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
      number = number * 10 + Int64(digit - UInt8(ascii: "0"))
    }
    return number
  }

  /// Says that the app works, which ends its trial: the device keeps it.
  public static func confirmHealth() {
    _ = xtb_health_confirm()
  }

  /// Why the app was started this time.
  public static var resetReason: ResetReason {
    switch xtb_reset_reason() {
    case 0: .power
    case 1: .update
    case 2: .rollback
    case 3: .trap
    case 4: .deadline
    case 5: .watchdog
    case 6: .exit
    case let number: .unknown(number)
    }
  }

  /// The app's memory: what it has now, and up to which it may grow.
  public static func memory() throws(HostError) -> (usedBytes: Int64, limitBytes: Int64) {
    var memory = xtb_memory()
    try check(xtb_mem_info(&memory))
    return (memory.used_bytes, memory.limit_bytes)
  }

  /// Random bytes that are good for keys; at most 65,536.
  public static func random(count: Int) throws(HostError) -> [UInt8] {
    guard (0...65_536).contains(count) else { throw .invalidValue }
    var bytes = [UInt8](repeating: 0, count: count)
    try check(bytes.withUnsafeMutableBytes { xtb_random($0.baseAddress, UInt32($0.count)) })
    return bytes
  }
}

/// Ends the app when it is not fed in time.
public enum Watchdog {
  /// From now on `feed` must be called at least every `timeout`, of a millisecond to a day.
  public static func arm(_ timeout: Interval) throws(HostError) {
    guard timeout > .zero else { throw .invalidValue }
    try check(xtb_watchdog_arm(timeout.nanoseconds))
  }

  /// It needs no feeding any more.
  public static func disarm() throws(HostError) {
    try check(xtb_watchdog_arm(0))
  }

  /// The app is well.
  public static func feed() throws(HostError) {
    try check(xtb_watchdog_feed())
  }
}
