import Foundations
import Glibc

extension KernelClock {
  /// - Parameter nanoseconds: since 1970.
  static func localTimeOfDay(_ nanoseconds: UInt64) -> (seconds: Int, milliseconds: Int) {
    var time = time_t(nanoseconds / 1_000_000_000)
    var parts = tm()
    localtime_r(&time, &parts)
    let seconds = Int(parts.tm_hour) * 3600 + Int(parts.tm_min) * 60 + Int(parts.tm_sec)
    return (seconds, Int(nanoseconds / 1_000_000 % 1000))
  }
}
