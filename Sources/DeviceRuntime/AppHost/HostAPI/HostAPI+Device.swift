import AppLink
import DeviceProtocol
import Foundations
import Linux
import Wasmtime
import ZeroMQ

extension HostAPI {
  static let randomLimitBytes = 64 << 10

  static let deviceFunctions = [
    HostAPIFunction(
      "config_get",
      """
      Copies the value of a configuration key into buf: what `xtblish-device config set KEY VALUE` put into \
      `app-configuration.json` in the device's directory before the app started, or `--config` of `dev`. Returns its full \
      length in bytes, and writes only if that is at most cap; -44 if there is no such key.
      """
    ) { context, call throws(HostErrno) in
      let key = try context.text(call, 0, limit: HostInterface.keyLimitBytes, "key")
      // The buffer is checked before the key, so that a bad pointer shows whatever is configured.
      guard let value = context.launch.configuration.first(where: { ByteText($0.key) == ByteText(key) })?.value else {
        guard call.contains(call.i32(2), count: call.i32(3)) else { throw .fault }
        throw .notFound
      }
      return try call.fill(2, with: Array(value.utf8))
    },
    HostAPIFunction(
      "device_id", "Copies the 16 bytes of the device's ID into buf. Returns 16."
    ) { context, call throws(HostErrno) in
      try call.store(context.launch.deviceID, at: 0)
      return Int64(context.launch.deviceID.count)
    },
    HostAPIFunction(
      "health_confirm",
      "Says that this app works, which ends its trial: the device keeps it. Returns 0. Saying so again does nothing."
    ) { context, _ in
      context.confirmHealth()
      return 0
    },
    HostAPIFunction(
      "watchdog_arm",
      """
      From now on the app is ended unless it calls `watchdog_feed` at least every timeout_ns, which is 1000000 (a \
      millisecond) to 86400000000000 (a day); 0 disarms the watchdog. Returns 0, or -28 if the time is out of range.
      """
    ) { context, call throws(HostErrno) in
      let state = context.state
      if call.i64(0) == 0 {
        state.watchdog.disarm()
      } else {
        guard AppWatchdog.timeouts.contains(call.i64(0)) else {
          throw context.refusal(
            .invalid, "the watchdog's time is a millisecond to a day, in nanoseconds, not \(call.i64(0))")
        }
        state.watchdog.arm(UInt64(call.i64(0)), now: KernelClock.monotonicNanoseconds())
      }
      // The other thread may plan to look later than this needs.
      state.outbox.signal.raise()
      return 0
    },
    HostAPIFunction(
      "watchdog_feed", "Tells the watchdog that the app is well. Returns 0, or -52 if it is not armed."
    ) { context, _ throws(HostErrno) in
      guard context.state.watchdog.feed(now: KernelClock.monotonicNanoseconds()) else {
        throw context.refusal(.notSupported, "the watchdog is not armed: call watchdog_arm first")
      }
      return 0
    },
    HostAPIFunction(
      "reset_reason",
      """
      Why the app was started this time: 0 the device was switched on or its agent restarted, 1 this is the first \
      start of a new version, 2 a newer version was rolled back, 3 the last run crashed, 4 a call took too long, 5 the \
      app did not feed its watchdog, 6 it ended by itself. Later levels may add others.
      """
    ) { context, _ in
      Int64(context.launch.resetReason.rawValue)
    },
    HostAPIFunction(
      "mem_info",
      """
      Writes 16 bytes: how much memory the app has now and how much it may have at most, both in bytes, i64. Returns \
      0.
      """
    ) { context, call throws(HostErrno) in
      try call.store(Int64(call.memoryBytes), Int64(context.launch.limits.memoryBytes), at: 0)
      return 0
    },
    HostAPIFunction(
      "random",
      "Fills len bytes, at most 65536, with random bytes that are good enough for cryptographic keys. Returns 0."
    ) { _, call throws(HostErrno) in
      let (pointer, count) = (call.i32(0), call.i32(1))
      guard call.contains(pointer, count: count) else { throw .fault }
      guard UInt32(bitPattern: count) <= randomLimitBytes else { throw .invalid }
      try call.store(KernelRandom.bytes(count: Int(count)), at: 0)
      return 0
    },
  ]
}
