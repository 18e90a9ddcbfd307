internal import Wasmtime

extension HostAPI {
  static let timerFunctions = [
    HostAPIFunction(
      "timer_start", [.i64("first_ns"), .i64("period_ns")],
      """
      Starts a timer that comes due first_ns from now and then every period_ns, or once if period_ns is 0; a period is \
      at least 100000. Each time the app gets event 1 with the timer's handle; arg is how many further periods have \
      passed meanwhile. Returns the handle, -28 if a time is out of range, -51 if there are too many timers.
      """
    ) { context, call throws(HostErrno) in
      let handle = try context.timers.start(
        first: call.i64(0), period: call.i64(1), now: KernelClock.monotonicNanoseconds())
      return Int64(handle)
    },
    HostAPIFunction(
      "timer_stop", [.i32("handle")],
      "Stops a timer. Returns 0, or -8 if there is none of that handle; one that came due once is gone."
    ) { context, call throws(HostErrno) in
      try context.timers.stop(call.i32(0))
      return 0
    },
  ]
}
