import Foundation
import TestSupport
import Testing
import TextFormats

/// Quantities as people read them.
@Suite(.seated) struct HumanTextTests {
  @Test(arguments: [
    (0, "0 B"), (1_023, "1023 B"), (1_024, "1 KiB"), (100_000, "97.7 KiB"), (1_048_575, "1 MiB"), (Int.max, "8 EiB"),
    (-2_048, "-2 KiB"),
  ])
  func bytesAreShownInTheirLargestUnit(_ count: Int, _ expected: String) {
    #expect(HumanText.bytes(count) == expected)
  }

  @Test(arguments: [
    (Duration.zero, "0 s"), (.microseconds(12), "12 µs"), (.milliseconds(340), "340 ms"),
    (.milliseconds(2_500), "2.5 s"),
    (.seconds(200), "3 m 20 s"), (.seconds(7_200), "2 h"), (.seconds(187_200), "2 d 4 h"), (.seconds(-5), "-5 s"),
  ])
  func aDurationIsShownInItsTwoLargestUnits(_ duration: Duration, _ expected: String) {
    #expect(HumanText.duration(duration) == expected)
  }

  @Test func aMomentIsShownByItsDistance() {
    let now = Date(timeIntervalSince1970: 1_000_000)
    #expect(HumanText.ago(now.addingTimeInterval(-0.2), now: now) == "just now")
    #expect(HumanText.ago(now.addingTimeInterval(-12), now: now) == "12 s ago")
    #expect(HumanText.ago(now.addingTimeInterval(-7_300), now: now) == "2 h ago")
    #expect(HumanText.ago(now.addingTimeInterval(300), now: now) == "in 5 m")
    #expect(HumanText.ago(.distantPast, now: now).hasSuffix(" d ago"))
  }
}
