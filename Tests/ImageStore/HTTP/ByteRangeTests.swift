import HTTPTypes
import TestSupport
import Testing

@testable import ImageStoreServer

@Suite(.seated) struct ByteRangeTests {
  static let cases: [(header: String?, length: UInt64, expected: ByteRange)] = [
    (nil, 100, .whole),
    ("bytes=0-9", 100, .part(0..<10)),
    ("bytes=0-0", 100, .part(0..<1)),
    ("bytes=99-99", 100, .part(99..<100)),
    ("bytes=90-", 100, .part(90..<100)),
    ("bytes=90-1000", 100, .part(90..<100)),
    ("bytes=-1", 100, .part(99..<100)),
    ("bytes=-1000", 100, .part(0..<100)),
    ("Bytes = 5-6", 100, .part(5..<7)),
    ("bytes= 5-6 ", 100, .part(5..<7)),
    ("bytes=100-", 100, .unsatisfiable),
    ("bytes=100-200", 100, .unsatisfiable),
    ("bytes=-0", 100, .unsatisfiable),
    ("bytes=0-", 0, .unsatisfiable),
    ("bytes=-5", 0, .unsatisfiable),
    ("bytes=99999999999999999999999-", 100, .unsatisfiable),
    ("bytes=5-99999999999999999999999", 100, .part(5..<100)),
    ("bytes=-99999999999999999999999", 100, .part(0..<100)),
    ("bytes=0-18446744073709551615", 100, .part(0..<100)),
    ("bytes=9-5", 100, .whole),
    ("bytes=", 100, .whole),
    ("bytes=-", 100, .whole),
    ("bytes=a-b", 100, .whole),
    ("bytes=+1-5", 100, .whole),
    ("bytes=1-5-9", 100, .whole),
    ("bytes 1-5", 100, .whole),
    ("items=0-5", 100, .whole),
    ("bytes=0-5,10-15", 100, .whole),
    ("bytes=0-,0-,0-,0-", 100, .whole),
  ]

  @Test(arguments: cases)
  func aRangeIsReadAsTheStandardSays(header: String?, length: UInt64, expected: ByteRange) {
    #expect(ByteRange.parse(header, lengthBytes: length) == expected)
  }

  private func outcome(_ headers: HTTPFields, _ method: HTTPRequest.Method = .get) -> Conditions.Outcome {
    Conditions.evaluate(headers, method: method, entityTag: "\"abc\"", lengthBytes: 10)
  }

  @Test func conditionsDecideWhatIsSent() {
    #expect(outcome([:]) == .send(.whole))
    #expect(outcome([.ifNoneMatch: "\"abc\""]) == .notModified)
    #expect(outcome([.ifNoneMatch: "\"x\", W/\"abc\""]) == .notModified)
    #expect(outcome([.ifNoneMatch: "*"]) == .notModified)
    #expect(outcome([.ifNoneMatch: "\"x\""]) == .send(.whole))
    #expect(outcome([.ifNoneMatch: "abc"]) == .send(.whole))
    #expect(outcome([.ifMatch: "\"abc\""]) == .send(.whole))
    #expect(outcome([.ifMatch: "W/\"abc\""]) == .preconditionFailed)
    #expect(outcome([.ifMatch: "\"x\""]) == .preconditionFailed)
    #expect(outcome([.ifMatch: "*"]) == .send(.whole))
    #expect(outcome([.range: "bytes=1-2"]) == .send(.part(1..<3)))
    #expect(outcome([.range: "bytes=1-2"], .head) == .send(.whole))
    #expect(outcome([.range: "bytes=1-2", .ifRange: "\"abc\""]) == .send(.part(1..<3)))
    #expect(outcome([.range: "bytes=1-2", .ifRange: "\"x\""]) == .send(.whole))
    #expect(outcome([.range: "bytes=1-2", .ifRange: "W/\"abc\""]) == .send(.whole))
    #expect(outcome([.range: "bytes=1-2", .ifRange: "Sun, 22 Nov 2026 14:00:00 GMT"]) == .send(.whole))
    #expect(outcome([.range: "bytes=50-", .ifNoneMatch: "\"abc\""]) == .notModified)
  }
}
