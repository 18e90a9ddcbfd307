import OpenSSL
import TestSupport
import Testing

@Suite(.seated) struct RandomTests {
  @Test func bytesDifferEachTime() throws {
    let draws = try Set((0..<1000).map { _ in try randomBytes(count: 16) })
    #expect(draws.count == 1000)
    #expect(try randomBytes(count: 0) == [])
  }

  @Test func everyByteValueComesUp() throws {
    // The chance that one of 256 values is missing among 64 Ki is below 10^-108.
    #expect(try Set(randomBytes(count: 65_536)).count == 256)
  }
}
