import AppLink
import DeviceProtocol
import Foundation
import Synchronization
import TestFlash
import TestSupport
import Testing

@testable import Agent
@testable import DeviceCredentials
@testable import DeviceImages
@testable import DeviceStorage
@testable import Foundations
@testable import UpdateCore

/// What the agent does when its flash is full or damaged.
@Suite(.seated) struct AgentStorageTests {
  @Test func anImageLargerThanTheWholeFlashIsRefused() async throws {
    let harness = try await AgentHarness()
    let flash = InMemoryFlash(capacityBytes: 100_000)
    try await harness.withAgent(flash: flash) { _ in
      let image = try harness.offer(1, size: 200_000)
      try await harness.notify(image)
      let report = try await harness.waitForReport { $0.status == "refused" }
      #expect(report.failed?.version == 1)
      #expect(report.reason?.contains("no space") == true && report.reason?.contains("100000") == true)
      // No more than the head, which says how large it is.
      #expect(harness.store.requests.map { $0.headers["range"] } == ["bytes=0-543"])
      #expect(try !flash.list().contains { $0.contains("download") })
    }
  }

  @Test(arguments: [true, false]) func anImageWaitsForRoom(_ isToldAhead: Bool) async throws {
    let harness = try await AgentHarness()
    let isFull = Mutex(true)
    let base = try DirectoryFlash(directory: harness.folder.path("flash"))
    let flash = FaultyFlash(
      base, available: { isToldAhead && isFull.withLock { $0 } ? 0 : $0 },
      fault: { operation, name in
        guard !isToldAhead, operation == .write, name == "slot-a.download", isFull.withLock({ $0 }) else { return nil }
        return FlashError(.noSpace, "can't write: no space")
      })
    try await harness.withAgent(flash: flash) { agent in
      try await harness.notify(try harness.offer(1))
      try await eventually {
        await agent.log.read(after: 0, count: 100).lines
          .contains { $0.level == "warning" && $0.text.hasPrefix("version 1 has to wait: no space") }
      }
      #expect(await agent.machine.phase.name == "downloading")
      isFull.withLock { $0 = false }
      try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
      #expect(harness.reports.allSatisfy { $0.status != "refused" })
    }
  }

  private static let passingFaults: [(FaultyFlash.Operation, String, FlashError.Kind)] = [
    (.write, "slot-b.download.json.new", .failed), (.write, "slot-b.download", .failed),
    (.write, "slot-b.download", .noSpace), (.rename, "slot-b.download.json.new", .failed),
    (.remove, "slot-b.download", .failed), (.size, "slot-b.download", .failed), (.sync, "slot-b.download", .failed),
    (.rename, "slot-b.download", .failed), (.syncNames, "", .failed), (.write, "boot-record-0", .noSpace),
    (.sync, "boot-record-1", .failed),
  ]

  @Test(arguments: passingFaults.indices) func aPassingErrorOfTheFlashCondemnsNothing(_ index: Int) async throws {
    let (failing, file, kind) = Self.passingFaults[index]
    let harness = try await AgentHarness()
    let faults = Mutex(0)
    let base = try DirectoryFlash(directory: harness.folder.path("flash"))
    let flash = FaultyFlash(
      base,
      fault: { operation, name in
        guard operation == failing, name == file else { return nil }
        return faults.withLock { faults in
          guard faults > 0 else { return nil }
          faults -= 1
          return FlashError(kind, "can't \(operation) \(name): as the test wants it")
        }
      })
    try await harness.withAgent(flash: flash) { _ in
      try await harness.deploy(1)
      faults.withLock { $0 = file.hasPrefix("boot-record") ? 1 : 4 }
      try await harness.deploy(2)
      #expect(faults.withLock { $0 } == 0, "the fault never came")
      #expect(harness.reports.allSatisfy { $0.failed == nil })
      try await eventually { harness.launcher.running == [2] }
    }
  }

  @Test func theOldImageInTheSpareSlotGivesWayForSpace() async throws {
    let flash = InMemoryFlash(capacityBytes: 400_000)
    let device = try await AgentHarness()
    let storage = SlotStore(flash: flash, device: device.device, trust: .unsigned)
    try await storage.save(BootRecord())
    for slot in ["slot-a.image", "slot-b.image"] {
      try flash.write([UInt8](repeating: 0x78, count: 150_000).span.bytes, to: slot, at: 0)
    }
    let image = try TestImage(device: device.device, version: 2, size: 150_000)
    let offer = FirmwareOffer(version: 2, digest: image.digest, sizeBytes: UInt64(image.bytes.count), url: "")
    #expect(try await storage.makeRoom(for: offer, in: .b) == .enough)
    #expect(try flash.list().contains("slot-a.image"))
    #expect(try !flash.list().contains("slot-b.image"))
  }

  @Test func aDamagedCopyOfTheBootRecordIsToldAndSurvived() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      try await harness.deploy(2)
    }
    // The newer copy: what the older one says is then true, the trial of version 2 included.
    let paths = BootRecordStore.copies.map { harness.folder.path("flash/\($0)") }
    let records = try paths.map { try BootRecord.decode([UInt8](Data(contentsOf: URL(filePath: $0)))) }
    let newer = records[0]!.sequence > records[1]!.sequence ? 0 : 1
    try Data("torn".utf8).write(to: URL(filePath: paths[newer]))
    try await harness.withAgent { agent in
      try await eventually { harness.launcher.running == [2] }
      let lines = await agent.log.read(after: 0, count: 100).lines
      #expect(lines.contains { $0.level == "warning" && $0.text.contains("boot record") })
      try await harness.deploy(3)
    }
  }
}
