internal import Glibc
internal import Wasmtime

extension HostAPI {
  static let clockFunctions = [
    HostAPIFunction(
      "clock_ns", [.i32("id")], result: .i64,
      "The time in nanoseconds. Clocks: 0 realtime (since 1970), 1 monotonic (since boot)."
    ) { _, call throws(HostErrno) in
      Int64(KernelClock.nanoseconds(try clock(call.i32(0))))
    },
    HostAPIFunction(
      "clock_res_ns", [.i32("id")], result: .i64, "The resolution of a clock in nanoseconds."
    ) { _, call throws(HostErrno) in
      var resolution = timespec()
      guard clock_getres(try clock(call.i32(0)), &resolution) == 0 else { throw .invalid }
      return Int64(resolution.tv_sec) * 1_000_000_000 + Int64(resolution.tv_nsec)
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
