import Foundation
import TestSupport
import Testing

@testable import DeviceRuntimeCore

/// What the agent does when its flash is full or damaged.
@Suite struct AgentStorageTests {
  /// Says that there is space, and then there is none.
  final class OverstatingFlash: Flash {
    private let flash = InMemoryFlash(capacityBytes: 100_000)

    func list() throws(FlashError) -> [String] { try flash.list() }
    func size(of name: String) throws(FlashError) -> UInt64? { try flash.size(of: name) }
    func read(_ name: String, from offset: UInt64, count: Int) throws(FlashError) -> [UInt8] {
      try flash.read(name, from: offset, count: count)
    }
    func write(_ bytes: RawSpan, to name: String, at offset: UInt64) throws(FlashError) {
      try flash.write(bytes, to: name, at: offset)
    }
    func resize(_ name: String, to sizeBytes: UInt64) throws(FlashError) { try flash.resize(name, to: sizeBytes) }
    func sync(_ name: String) throws(FlashError) { try flash.sync(name) }
    func rename(_ old: String, to new: String) throws(FlashError) { try flash.rename(old, to: new) }
    func remove(_ name: String) throws(FlashError) { try flash.remove(name) }
    func syncNames() throws(FlashError) { try flash.syncNames() }
    func availableBytes() throws(FlashError) -> UInt64 { 1 << 40 }
    func path(of name: String) -> String? { nil }
  }

  @Test(arguments: [true, false]) func anImageThatDoesNotFitIsRefused(_ isToldAhead: Bool) async throws {
    let harness = try await AgentHarness()
    let flash: any Flash = isToldAhead ? InMemoryFlash(capacityBytes: 100_000) : OverstatingFlash()
    try await harness.withAgent(flash: flash) { _ in
      let image = try harness.offer(1, size: 200_000)
      try await harness.notify(image)
      let report = try await harness.waitForReport { $0.status == "refused" }
      #expect(report.failed?.version == 1)
      #expect(report.reason.contains("no space"))
      #expect(harness.store.requests.isEmpty == isToldAhead)
      #expect(try !flash.list().contains { $0.contains("download") })
    }
  }

  @Test func theOldImageInTheSpareSlotGivesWayForSpace() async throws {
    let flash = InMemoryFlash(capacityBytes: 400_000)
    let device = try await AgentHarness()
    let storage = DeviceStorage(flash: flash, device: device.device)
    try await storage.save(BootRecord())
    try FlashConformanceTests.write(String(repeating: "x", count: 150_000), to: "slot-a.image", flash)
    try FlashConformanceTests.write(String(repeating: "x", count: 150_000), to: "slot-b.image", flash)
    let image = try TestImage(device: device.device, version: 2, size: 150_000)
    let notification = FirmwareNotification(
      version: 2, digest: image.digest, sizeBytes: UInt64(image.bytes.count), url: "")
    #expect(try await storage.makeRoom(for: notification, in: .b) == nil)
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
