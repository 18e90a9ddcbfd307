import AppLink
import DeviceProtocol
import Foundations
import Glibc
import Synchronization
import Wasmtime
import WebAssemblyModule

extension HostAPI {
  static let clockFunctions = [
    HostAPIFunction(
      "clock_ns",
      "The time in nanoseconds. Clocks: 0 realtime (since 1970), 1 monotonic (since boot)."
    ) { _, call throws(HostErrno) in
      Int64(KernelClock.nanoseconds(try clock(call.i32(0))))
    },
    HostAPIFunction(
      "clock_res_ns", "The resolution of a clock in nanoseconds."
    ) { _, call throws(HostErrno) in
      var resolution = timespec()
      guard clock_getres(try clock(call.i32(0)), &resolution) == 0 else { throw .invalid }
      return Int64(resolution.tv_sec) * 1_000_000_000 + Int64(resolution.tv_nsec)
    },
    HostAPIFunction(
      "sleep_ns",
      """
      Waits for duration_ns. Returns 0; -28 if that is negative or more than 100 years; -52 in `xtb_event`, which must \
      not wait. Events that occur meanwhile are delivered afterwards.
      """
    ) { context, call throws(HostErrno) in
      guard !context.isInEvent else {
        throw context.refusal(.notSupported, "xtb_event must not wait: start a timer and return")
      }
      guard (0...TimerTable.maximumTime).contains(call.i64(0)) else { throw .invalid }
      KernelClock.sleep(until: KernelClock.monotonicNanoseconds() + UInt64(call.i64(0)))
      return 0
    },
    HostAPIFunction(
      "poll",
      """
      Waits for the next event of a program with `_start`, at most timeout_ns; with 0 it does not wait, and with a \
      negative number it waits without limit. Writes the event's 32 bytes: kind i32, handle i32, time_ns i64, arg i64, \
      and 8 zero bytes. Returns 1 if there was an event; otherwise it returns 0 and writes nothing; -52 in an app with \
      `xtb_event`.
      """
    ) { context, call throws(HostErrno) in
      guard context.entry == .program else {
        throw context.refusal(.notSupported, "this app gets its events by xtb_event: only a program with _start polls")
      }
      guard call.contains(call.i32(1), count: 32) else { throw .fault }
      context.state.polls.store(true, ordering: .relaxed)
      let timeout = min(call.i64(0), TimerTable.maximumTime)
      let deadline = timeout < 0 ? nil : KernelClock.monotonicNanoseconds() + UInt64(timeout)
      guard case .event(let event) = context.next(until: deadline) else { return 0 }
      try call.store(event.record, at: 1)
      return 1
    },
  ]

  private static func clock(_ id: Int32) throws(HostErrno) -> clockid_t {
    switch id {
    case 0: CLOCK_REALTIME
    case 1: CLOCK_MONOTONIC
    default: throw .invalid
    }
  }
}
