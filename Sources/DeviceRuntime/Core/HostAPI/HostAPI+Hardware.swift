internal import Wasmtime

extension HostAPI {
  static let pinFunctions = [
    HostAPIFunction(
      "gpio_open", [.i32("name"), .i32("name_len"), .i32("flags")],
      """
      Opens a pin by the name that the device's board gives it; flags: 0 to read it, 1 to set it. Returns its handle, \
      the same one for a pin that is open so already; -76 if this device has no pin of that name, -2 to set an input, \
      -28 if the flags are others or other than before. A pin of hardware is the app's from the moment when its \
      predecessor has stopped: in `xtb_init` it can be opened and set, which takes effect then, and an input can't be \
      read yet (-6).
      """
    ) { context, call throws(HostErrno) in
      let name = try call.text(0, limit: keyLimitBytes)
      guard (0...1).contains(call.i32(2)) else { throw .invalid }
      guard let pin = context.state.pins[name] else { throw .notCapable }
      let asOutput = call.i32(2) == 1
      if let handle = context.pins.handle(where: { $0.pin === pin }) {
        guard try context.pins[handle].asOutput == asOutput else { throw .invalid }
        return Int64(handle)
      }
      try pin.open(asOutput: asOutput)
      return Int64(try context.pins.add((pin, asOutput)))
    },
    HostAPIFunction(
      "gpio_get", [.i32("handle")],
      "The level of a pin, 0 or 1. -8 if there is none of that handle, -29 if the hardware failed."
    ) { context, call throws(HostErrno) in
      Int64(try context.pins[call.i32(0)].pin.level())
    },
    HostAPIFunction(
      "gpio_set", [.i32("handle"), .i32("value")],
      "Sets the level of a pin, 0 or 1. Returns 0; -2 if it was opened to be read, -28 if the value is another."
    ) { context, call throws(HostErrno) in
      let pin = try context.pins[call.i32(0)].pin
      guard (0...1).contains(call.i32(1)) else { throw .invalid }
      try pin.set(call.i32(1))
      return 0
    },
    HostAPIFunction(
      "gpio_watch", [.i32("handle"), .i32("edges")],
      """
      From now on event 5 tells of these changes of an input: 1 rising, 2 falling, 3 both; 0 ends it. Returns 0; -2 if \
      the pin was opened to be set.
      """
    ) { context, call throws(HostErrno) in
      let pin = try context.pins[call.i32(0)].pin
      guard (0...3).contains(call.i32(1)) else { throw .invalid }
      try pin.watch(PinEdges(rawValue: call.i32(1)), handle: call.i32(0))
      return 0
    },
  ]

  static let sensorFunctions = [
    HostAPIFunction(
      "sensor_open", [.i32("name"), .i32("name_len")],
      """
      Opens a sensor by the name that the device's board gives it. Returns its handle, the same one for a sensor that \
      is open already; -76 if this device has none of that name.
      """
    ) { context, call throws(HostErrno) in
      let name = try call.text(0, limit: keyLimitBytes)
      guard let sensor = context.state.sensors[name] else { throw .notCapable }
      if let handle = context.sensors.handle(where: { $0 === sensor }) { return Int64(handle) }
      return Int64(try context.sensors.add(sensor))
    },
    HostAPIFunction(
      "sensor_read", [.i32("handle"), .i32("channel"), .i32("out")],
      """
      Reads a channel of a sensor, the first of which is 0, and writes 16 bytes: the value in millionths of its unit, \
      i64, and when it was taken on the monotonic clock in nanoseconds, i64. Returns 0; -28 if there is no such \
      channel, -29 if the hardware failed.
      """
    ) { context, call throws(HostErrno) in
      guard call.contains(call.i32(2), count: 16) else { throw .fault }
      let now = KernelClock.monotonicNanoseconds()
      let value = try context.sensors[call.i32(0)].read(channel: call.i32(1), at: now)
      try call.store(value, Int64(clamping: now), at: 2)
      return 0
    },
  ]
}
