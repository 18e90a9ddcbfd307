import ServiceKit
import TestSupport
import Testing

@Suite(.seated) struct SettingTypeTests {
  @Test(arguments: [
    ("0", 0), ("65536", 65_536), ("64KiB", 65_536), ("64 KiB", 65_536), ("64k", 65_536), ("2MB", 2_000_000),
    ("1GiB", 1 << 30),
  ])
  func aSizeIsReadInItsUnit(_ text: String, _ bytes: Int) throws {
    #expect(try SettingType.byteSize(0...(1 << 40)).parse(text) == bytes)
  }

  @Test(arguments: ["", "KiB", "-1", "1.5MiB", "1XB", "99999999999999999999", "9223372036854775807KiB", "٣", "1 2"])
  func aTextThatIsNoSizeIsRefused(_ text: String) {
    #expect(throws: SettingValueError.self) { try SettingType.byteSize(0...Int.max).parse(text) }
  }

  @Test(arguments: [
    ("30", Duration.seconds(30)), ("0.5", .milliseconds(500)), ("250ms", .milliseconds(250)), ("5m", .seconds(300)),
    ("2h", .seconds(7_200)), ("1d", .seconds(86_400)), ("10 s", .seconds(10)),
  ])
  func aDurationIsReadInItsUnit(_ text: String, _ duration: Duration) throws {
    #expect(try SettingType.duration(.zero...(.seconds(1_000_000))).parse(text) == duration)
  }

  @Test(arguments: ["", "s", "-5", "1e9", "nan", "inf", "5 weeks", "999999999999999999999999999999", ".5", "1..5"])
  func aTextThatIsNoDurationIsRefused(_ text: String) {
    #expect(throws: SettingValueError.self) { try SettingType.duration(.zero...(.seconds(1_000_000))).parse(text) }
  }

  @Test(arguments: ["127.0.0.1:80", "[::1]:0", "localhost:65535", "0.0.0.0:1"])
  func aListenAddressIsReadAsItIsWritten(_ text: String) throws {
    #expect(try SettingType.listenAddress.parse(text).description == text)
  }

  @Test(arguments: [
    "", ":80", "h", "h:", "h:65536", "h:-1", "::1:80", "[::1]", "h h:1", "[zz]:1", "h:1:2", "http://h:1",
  ])
  func aTextThatIsNoListenAddressIsRefused(_ text: String) {
    #expect(throws: SettingValueError.self) { try SettingType.listenAddress.parse(text) }
  }

  @Test func endpointsAreReadOneByOneAndAllMustBeGood() throws {
    let parsed = try SettingType.endpoints.parse("tcp://a:1, tcp://[::1]:2,ipc:///run/x")
    #expect(parsed == ["tcp://a:1", "tcp://[::1]:2", "ipc:///run/x"])
    for text in ["", ",", "tcp://a:1,", "tcp://a", "http://a:1", "tcp://:1", "ipc://", "tcp://a:99999"] {
      #expect(throws: SettingValueError.self, "\(text)") { try SettingType.endpoints.parse(text) }
    }
  }

  @Test func aURLOfAKnownSchemeIsReadAndNothingElse() throws {
    for text in ["http://h", "https://h:1/p?q#f", "http://[::1]:8/", "HTTP://h/"] {
      #expect(try SettingType.url(["http", "https"]).parse(text) == text)
    }
    for text in ["", "h", "ftp://h", "http://", "http://h:x", "http://h h", "http://a\nb", "//h"] {
      #expect(throws: SettingValueError.self, "\(text)") { try SettingType.url(["http", "https"]).parse(text) }
    }
    #expect(try SettingType.url(["postgresql"]).parse("postgresql:///d?host=/run") == "postgresql:///d?host=/run")
  }

  @Test func booleansAndChoices() throws {
    #expect(try SettingType.boolean.parse("Yes") == true)
    #expect(try SettingType.boolean.parse("off") == false)
    #expect(throws: SettingValueError.self) { try SettingType.boolean.parse("maybe") }
    #expect(try SettingType<LogFormat>.choice.parse("json") == .json)
    #expect(throws: SettingValueError(expected: "one of text, json")) { try SettingType<LogFormat>.choice.parse("xml") }
  }
}
