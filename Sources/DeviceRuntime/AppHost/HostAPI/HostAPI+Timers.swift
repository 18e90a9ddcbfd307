import AppLink
import DeviceProtocol
import Foundations
import Wasmtime

extension HostAPI {
  static let timerFunctions = [
    HostAPIFunction(
      "timer_start",
      """
      Starts a timer that comes due first_ns from now and then every period_ns, or once if period_ns is 0; a period is \
      at least 100000. Each time the app gets event 1 with the timer's handle; arg is how many further periods have \
      passed meanwhile. Returns the handle, -28 if a time is out of range, -51 if there are too many timers.
      """
    ) { context, call throws(HostErrno) in
      let (first, period) = (call.i64(0), call.i64(1))
      let limit = "\(context.launch.limits.timers) timers are as many as an app may have: stop one"
      let range = "first_ns is 0 or more, and period_ns 0 or at least \(TimerTable.minimumPeriod), in nanoseconds"
      let handle = try context.explaining(.noSpace, limit) { () throws(HostErrno) in
        try context.explaining(.invalid, range) { () throws(HostErrno) in
          try context.timers.start(first: first, period: period, now: KernelClock.monotonicNanoseconds())
        }
      }
      return Int64(handle)
    },
    HostAPIFunction(
      "timer_stop",
      "Stops a timer. Returns 0, or -8 if there is no timer with that handle, as after a timer without a period came due."
    ) { context, call throws(HostErrno) in
      try context.timers.stop(call.i32(0))
      return 0
    },
  ]
}
