package import FoundationEssentials
package import SwiftProtobuf

extension Google_Protobuf_Timestamp {
  /// The time to the microsecond, which is what databases keep.
  package init(_ date: Date) {
    let microseconds = Int64((date.timeIntervalSince1970 * 1_000_000).rounded())
    let (seconds, rest) = microseconds.quotientAndRemainder(dividingBy: 1_000_000)
    // Nanoseconds count forwards, also before 1970.
    let nanos = Int32(rest) * 1000
    self.init(seconds: nanos < 0 ? seconds - 1 : seconds, nanos: nanos < 0 ? nanos + 1_000_000_000 : nanos)
  }
}

extension Date {
  /// The time, as near as a `Date` comes to it.
  package init(_ time: Google_Protobuf_Timestamp) {
    self.init(timeIntervalSince1970: Double(time.seconds) + Double(time.nanos) / 1e9)
  }
}
