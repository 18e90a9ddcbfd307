import AppLink
import DeviceProtocol
import FirmwareImage
import Foundations
import TestFlash
import TestSupport
import Testing

@testable import Agent
@testable import DeviceStorage
@testable import UpdateCore

@Suite(.seated) struct CrashStoreTests {
  static func report(_ number: Int, textBytes: Int = 10, lines: Int = 3) throws -> CrashReport {
    let device = DeviceID.random()
    let image = try VerifiedImage.verifying(
      try TestImage(device: device, version: 4).bytes, for: device, trust: .unsigned())
    let log = (1...lines).map {
      DeviceLogLine(
        id: UInt64($0), realtimeNanoseconds: 1, monotonicNanoseconds: 2, level: "info", source: "app",
        firmwareVersion: 4, text: String(repeating: "\"", count: textBytes))
    }
    let cause = try #require(CrashCause(.exited(code: Int32(number))))
    return CrashReport(cause, image: image, version: 4, isTrial: true, at: WallClock(nanoseconds: 5), lines: log)
  }

  static func open(_ flash: any Flash) async throws -> CrashStore {
    let store = CrashStore(flash: flash)
    try await store.open()
    return store
  }

  @Test func reportsSurviveARestartInTheirOrder() async throws {
    let flash = InMemoryFlash()
    var store = try await Self.open(flash)
    let reports = try (1...3).map { try Self.report($0) }
    for report in reports { #expect(await store.store(report) == nil) }
    store = try await Self.open(flash)
    #expect(await store.waiting == reports)
    await store.forget([reports[1].id, "unknown"])
    #expect(await store.waiting == [reports[0], reports[2]])
    store = try await Self.open(flash)
    #expect(await store.waiting == [reports[0], reports[2]])
    // A later one comes after them, whatever was forgotten.
    await store.store(reports[1])
    store = try await Self.open(flash)
    #expect(await store.waiting == [reports[0], reports[2], reports[1]])
  }

  @Test func theNewestTwentyAreKept() async throws {
    let flash = InMemoryFlash()
    let store = try await Self.open(flash)
    for number in 1...50 { await store.store(try Self.report(number)) }
    #expect(try flash.list().count == 20)
    let messages = await store.waiting.map(\.message)
    #expect(messages == (31...50).map { "exited with status \($0)" })
  }

  @Test func aReportKeepsToItsBytes() throws {
    let report = try Self.report(1, textBytes: 4000, lines: 50)
    let json = try report.json()
    #expect(json.count <= DeviceLimit.crashBytes.value)
    let kept = try #require(CrashReport(json: json))
    #expect(kept.lines.last?.id == 50)
    #expect(!kept.lines.isEmpty && kept.lines.count < 50)
  }

  @Test func theJSONHasTheNamesThatTheServerReads() throws {
    var report = try Self.report(7, textBytes: 0, lines: 1)
    report.frames = [.init(function: 1, functionOffset: 2, moduleOffset: 3, name: nil)]
    let expected = #"""
      {"appName":"sensor","appVersion":"1.4","at":5,"buildID":"","code":"exited","digest":"\#(report.digest)",\#
      "frames":[{"function":1,"functionOffset":2,"moduleOffset":3}],"id":"\#(report.id)",\#
      "lines":[{"at":1,"id":1,"level":"info","monotonic":2,"source":"app","text":"","version":4}],\#
      "message":"exited with status 7","status":"trial","version":4}
      """#
    #expect(String(decoding: try report.json(), as: UTF8.self) == expected)
    #expect(report.id.count == 32)
  }

  @Test func damagedAndUnfinishedFilesAreRemoved() async throws {
    let flash = InMemoryFlash()
    var store = try await Self.open(flash)
    await store.store(try Self.report(1))
    for name in ["crash-00000000000000000009.json", "crash-00000000000000000010.json.new"] {
      try flash.write(Array("{".utf8).span.bytes, to: name, at: 0)
    }
    store = try await Self.open(flash)
    #expect(await store.waiting.count == 1)
    #expect(try flash.list().count == 1)
    await store.store(try Self.report(2))
    #expect(await store.waiting.map(\.message) == ["exited with status 1", "exited with status 2"])
  }

  @Test func onAFullFlashTheOldestGiveWay() async throws {
    let flash = InMemoryFlash(capacityBytes: 3000)
    var store = try await Self.open(flash)
    for number in 1...9 { #expect(await store.store(try Self.report(number)) == nil) }
    store = try await Self.open(flash)
    let messages = await store.waiting.map(\.message)
    #expect(messages.last == "exited with status 9")
    #expect((1...8).contains(messages.count))
  }

  @Test func aBrokenFlashKeepsThemInMemory() async throws {
    let fault = FlashBreaker()
    let store = try await Self.open(fault.flash())
    await store.store(try Self.report(1))
    fault.isBroken = true
    #expect(await store.store(try Self.report(2)) != nil)
    #expect(await store.waiting.map(\.message) == ["exited with status 1", "exited with status 2"])
    fault.isBroken = false
    #expect(await store.store(try Self.report(3)) == nil)
    #expect(await store.waiting.count == 3)
  }
}
