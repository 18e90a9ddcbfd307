import FirmwareImage
import FoundationEssentials
import Foundations
import PostgreSQL
import SwiftProtobuf
import TestSupport
import Testing
import TextFormats
import Wire

@testable import RegistryDomain
@testable import RegistryStorage

@Suite(.seated) struct CrashRecordTests {
  @Test func eachIsStoredOnce() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let (first, second) = (WireCrashReport.sample(device), WireCrashReport.sample(device))
    let crashes = try [first, second, first].map { try Crash($0) }
    for _ in 0..<2 { #expect(try await fixture.store.record(crashes) == [.stored, .stored, .stored]) }
    _ = try await fixture.store.record([Crash(.sample(device))])
    // Repeats use up no numbers: people type them.
    #expect(try await fixture.count("select max(number) as count from registry.crashes") == 3)
    let events = try await fixture.store.events(of: device, .before(nil), limit: 10).filter {
      $0.kind == "crash-reported"
    }
    #expect(events.count == 3)
    #expect(JSONValue(parsing: Array(events[0].detail.utf8))?["number"] == .integer(3))
    #expect(JSONValue(parsing: Array(events[0].detail.utf8))?["code"] == .string("unreachable"))
  }

  @Test func unknownDevicesNeedNotKeepTheirs() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    let verdicts = try await fixture.store.record([Crash(.sample(.random())), Crash(.sample(device))])
    #expect(verdicts == [CrashVerdict(isSettled: true, refusal: .unknownDevice), .stored])
  }

  @Test func theOldestOfADeviceGiveWay() async throws {
    let fixture = try await Fixture.make(options: RegistryStore.Options(crashesPerDevice: 3))
    let (device, other) = (try await fixture.device("a"), try await fixture.device("b"))
    _ = try await fixture.store.record([Crash(.sample(other))])
    for _ in 0..<5 { _ = try await fixture.store.record([Crash(.sample(device))]) }
    let numbers = try await fixture.pool.query("select number from registry.crashes order by number").map {
      try $0["number"].int
    }
    #expect(numbers == [1, 4, 5, 6])
  }

  @Test func oldOnesAreRemovedInBatches() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    for _ in 0..<4 { _ = try await fixture.store.record([Crash(.sample(device))]) }
    try await fixture.pool.execute(
      "update registry.crashes set received_at = received_at - interval '2 days' where number <= 3")
    #expect(try await fixture.store.removeCrashes(olderThan: .seconds(86_400), limit: 2) == 2)
    #expect(try await fixture.store.removeCrashes(olderThan: .seconds(86_400), limit: 2) == 1)
    #expect(try await fixture.store.removeCrashes(olderThan: .seconds(86_400), limit: 2) == 0)
  }

  @Test func hostileReportsAreCutToSize() throws {
    var report = WireCrashReport.sample(.random())
    report.message = String(repeating: "\u{1B}", count: 100_000)
    report.frames = Array(repeating: report.frames[0], count: 10_000)
    report.lastLines = Array(repeating: .sample(1, String(repeating: "z", count: 100_000)), count: 1000)
    report.frames[0].functionName = String(repeating: "n", count: 100_000)
    let stored = try Crash(report).report
    #expect(stored.frames.count == 64)
    let size: [UInt8] = try stored.serializedBytes()
    #expect(size.count < 2 << 20)
    #expect(!stored.message.contains("\u{1B}"))
    var wrong = WireCrashReport.sample(.random())
    wrong.id = Data([1])
    #expect(throws: RequestFailure.self) { try Crash(wrong) }
    wrong = .sample(.random(), code: "")
    #expect(throws: RequestFailure.self) { try Crash(wrong) }
    wrong = .sample(.random(), buildID: Array(repeating: 1, count: 65))
    #expect(throws: RequestFailure.self) { try Crash(wrong) }
  }

  @Test func manyReplicasAtOnce() async throws {
    let fixture = try await Fixture.make()
    var reports: [WireCrashReport] = []
    for number in 0..<10 { reports.append(.sample(try await fixture.device("d\(number)"))) }
    let (replica, all) = (try fixture.replica(), reports)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for round in 0..<8 {
        let store = round.isMultiple(of: 2) ? replica : fixture.store
        group.addTask { _ = try await store.record(all.shuffled().map { try Crash($0) }) }
      }
      try await group.waitForAll()
    }
    #expect(try await fixture.count("select count(*) from registry.crashes") == 10)
  }
}

@Suite(.seated) struct CrashGroupTests {
  private func group(
    app: String = "sensor", code: String = "unreachable", _ functions: [String], build: [UInt8] = [1]
  ) throws -> String {
    try CrashGroup.id(of: .sample(.random(), app: app, code: code, functions: functions, buildID: build))
  }

  @Test func namesCountAcrossBuilds() throws {
    #expect(try group(["f", "g"], build: [1]) == group(["f", "g"], build: [2]))
    #expect(try group(["f", "g"]) != group(["f", "h"]))
    #expect(try group(["f"]) != group(app: "other", ["f"]))
    #expect(try group(["f"]) != group(code: "killed", ["f"]))
  }

  @Test func indicesCountWithinABuild() throws {
    #expect(try group(["", ""], build: [1]) == group(["", ""], build: [1]))
    #expect(try group(["", ""], build: [1]) != group(["", ""], build: [2]))
  }

  @Test func whereItWasCalledFromFarAwayDoesNotCount() throws {
    #expect(try group(["a", "b", "c", "d", "e", "x"]) == group(["a", "b", "c", "d", "e", "y"]))
  }

  @Test func hashesOfRustBuildsDoNotCount() throws {
    #expect(try group(["app::read::h0123456789abcdef"]) == group(["app::read::hfedcba9876543210"]))
    #expect(try group(["app::read::h0123456789abcdef"]) != group(["app::write::h0123456789abcdef"]))
  }

  @Test func panicsOfDifferentFunctionsDiffer() throws {
    let panic = [
      "rust_panic", "std::panicking::rust_panic_with_hook::h0123456789abcdef", "rust_begin_unwind",
      "core::panicking::panic_fmt::h0123456789abcdef", "core::panicking::panic_bounds_check::h0123456789abcdef",
    ]
    #expect(try group(panic + ["app::a"]) != group(panic + ["app::b"]))
    #expect(try group(panic) == group(panic))
  }

  @Test func depthOfARecursionDoesNotCount() throws {
    #expect(try group(["f", "f", "g"]) == group(["f", "f", "f", "f", "g"]))
  }
}
