import AppLink
import DeviceHardware
import DeviceProtocol
import Foundations
import Wasmtime

extension HostAPI {
  private static func unknownName(_ what: String, _ name: String, _ known: [String]) -> String {
    let list = known.isEmpty ? "none" : known.sorted().prefix(16).joined(separator: ", ")
    return
      "this device has no \(what) \"\(name)\"; it has \(list): use one of these, or add it to the device's board.json"
  }

  static let pinFunctions = [
    HostAPIFunction(
      "gpio_open",
      """
      Opens a pin by the name that the device's board gives it; flags: 0 to read it, 1 to set it. Returns its handle, \
      the same one if the pin is already open with these flags; -76 if this device has no pin of that name, -2 if the \
      flags ask to set an input, -28 if they are neither 0 nor 1, or not those with which the pin is open. A hardware \
      pin belongs to the app once the app's predecessor has stopped. In `xtb_init`, which is before that, it can be \
      opened and set, which takes effect later, but an input can't be read (-6).
      """
    ) { context, call throws(HostErrno) in
      let name = try context.text(call, 0, limit: HostInterface.keyLimitBytes, "name")
      guard (0...1).contains(call.i32(2)) else {
        throw context.refusal(.invalid, "flags are 0 to read a pin or 1 to set it, not \(call.i32(2))")
      }
      guard let pin = context.state.pins[name] else {
        throw context.refusal(
          .notCapable, unknownName("pin", name, context.launch.pins.map(\.name)))
      }
      let asOutput = call.i32(2) == 1
      if let handle = context.pins.handle(where: { $0.pin === pin }) {
        guard try context.pins[handle].asOutput == asOutput else {
          throw context.refusal(.invalid, "pin \"\(name)\" is open already, with other flags")
        }
        return Int64(handle)
      }
      let isInput = "pin \"\(name)\" is an input on this device (board.json), or the kernel does not let it be set"
      try context.explaining(.access, isInput) { () throws(HostErrno) in try pin.open(asOutput: asOutput) }
      let limit = "\(handleLimit) pins are as many as an app may have open"
      return Int64(
        try context.explaining(.noSpace, limit) { () throws(HostErrno) in try context.pins.add((pin, asOutput)) })
    },
    HostAPIFunction(
      "gpio_get",
      "The level of a pin, 0 or 1; -8 if there is no pin with that handle, -29 if the hardware failed."
    ) { context, call throws(HostErrno) in
      Int64(try context.pins[call.i32(0)].pin.level())
    },
    HostAPIFunction(
      "gpio_set",
      "Sets the level of a pin, 0 or 1. Returns 0; -2 if it was opened to be read, -28 if the value is neither."
    ) { context, call throws(HostErrno) in
      let pin = try context.pins[call.i32(0)].pin
      guard (0...1).contains(call.i32(1)) else {
        throw context.refusal(.invalid, "a pin's level is 0 or 1, not \(call.i32(1))")
      }
      let (level, isRead) = (call.i32(1), "pin \"\(pin.name)\" was opened to be read: open it with flags 1 to set it")
      try context.explaining(.access, isRead) { () throws(HostErrno) in try pin.set(level) }
      return 0
    },
    HostAPIFunction(
      "gpio_watch",
      """
      From now on event 5 announces these edges of an input: 1 rising, 2 falling, 3 both; 0 none any more. Returns 0; \
      -2 if the pin was opened to be set.
      """
    ) { context, call throws(HostErrno) in
      let pin = try context.pins[call.i32(0)].pin
      guard (0...3).contains(call.i32(1)) else { throw .invalid }
      let isSet = "pin \"\(pin.name)\" was opened to be set: open it with flags 0 to watch it"
      let (handle, edges) = (call.i32(0), PinEdges(rawValue: call.i32(1)))
      try context.explaining(.access, isSet) { () throws(HostErrno) in try pin.watch(edges, handle: handle) }
      return 0
    },
  ]

  static let sensorFunctions = [
    HostAPIFunction(
      "sensor_open",
      """
      Opens a sensor by the name that the device's board gives it. Returns its handle, the same one for a sensor that \
      is already open; -76 if this device has no sensor of that name.
      """
    ) { context, call throws(HostErrno) in
      let name = try context.text(call, 0, limit: HostInterface.keyLimitBytes, "name")
      guard let sensor = context.state.sensors[name] else {
        throw context.refusal(.notCapable, unknownName("sensor", name, context.launch.sensors.map(\.name)))
      }
      if let handle = context.sensors.handle(where: { $0 === sensor }) { return Int64(handle) }
      return Int64(try context.sensors.add(sensor))
    },
    HostAPIFunction(
      "sensor_read",
      """
      Reads a channel of a sensor, the first of which is 0, and writes 16 bytes: the value in millionths of its unit, \
      i64, and the time of the reading on the monotonic clock, i64. Returns 0; -28 if there is no such channel, -29 if \
      the hardware failed.
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
