import TestFlash
import TestSupport
import Testing

@testable import DeviceStorage
@testable import Foundations

/// That the simulated power cut is as bad as a real one, and what stands it all the same.
@Suite(.seated) struct PowerCutTests {
  static let survivals: [PowerCutFlash.Survival] =
    [.nothing, .everything, .allButTheLast] + (1...20).map { .anything(seed: $0) }

  private static func bytes(_ byte: Character, _ count: Int) -> [UInt8] {
    [UInt8](repeating: byte.asciiValue!, count: count)
  }

  @Test func whatWasNotSyncedIsLost() throws {
    let flash = try PowerCutFlash(base: InMemoryFlash())
    try FlashConformanceTests.write("old", to: "a", flash)
    try flash.sync("a")
    try flash.syncNames()
    try FlashConformanceTests.write("new", to: "a", flash)
    try FlashConformanceTests.write("x", to: "b", flash)
    try flash.sync("b")
    let rebooted = try flash.reboot(.nothing)
    #expect(try FlashConformanceTests.text("a", rebooted) == "old")
    // Its bytes are on the medium; its name never got there.
    #expect(try rebooted.list() == ["a"])
  }

  @Test func whatWasSyncedStaysWhateverElseIsLost() throws {
    for survival in Self.survivals {
      let flash = try PowerCutFlash(base: InMemoryFlash())
      try FlashConformanceTests.write("kept", to: "a", flash)
      try flash.sync("a")
      try flash.rename("a", to: "b")
      try flash.syncNames()
      try FlashConformanceTests.write("other", to: "c", flash)
      let rebooted = try flash.reboot(survival)
      #expect(try FlashConformanceTests.text("b", rebooted) == "kept")
    }
  }

  @Test func unsyncedBytesSurviveInAnyCombination() throws {
    var found: Set<String> = []
    for seed in 1...40 as ClosedRange<UInt64> {
      let flash = try PowerCutFlash(base: InMemoryFlash())
      try FlashConformanceTests.write("", to: "a", flash)
      try flash.resize("a", to: 1536)
      try flash.sync("a")
      try flash.syncNames()
      for (index, byte) in ["x", "y", "z"].enumerated() {
        try flash.write(Self.bytes(Character(byte), 512).span.bytes, to: "a", at: UInt64(512 * index))
      }
      let after = try flash.reboot(.anything(seed: seed)).read("a", from: 0, count: 1536)
      found.insert(String(decoding: [after[0], after[512], after[1024]].map { $0 == 0 ? 0x2D : $0 }, as: UTF8.self))
      // Only the last write may be torn within a sector.
      #expect(Set(after[..<512]).count == 1 && Set(after[512..<1024]).count == 1)
    }
    #expect(found == ["---", "x--", "-y-", "--z", "xy-", "x-z", "-yz", "xyz"])
  }

  @Test func theLastWriteIsTorn() throws {
    let flash = try PowerCutFlash(base: InMemoryFlash())
    try flash.write(Self.bytes("x", 100).span.bytes, to: "a", at: 0)
    #expect(try flash.reboot(.allButTheLast).read("a", from: 0, count: 100) == Self.bytes("x", 50))
  }

  @Test func nothingWorksAfterTheCut() throws {
    let flash = try PowerCutFlash(base: InMemoryFlash(), cutAt: 2)
    try FlashConformanceTests.write("x", to: "a", flash)
    for operation: () throws -> Void in [
      { try flash.sync("a") }, { try flash.syncNames() }, { _ = try flash.list() }, { _ = try flash.size(of: "a") },
      { try flash.remove("a") }, { _ = try flash.availableBytes() },
    ] {
      #expect(throws: FlashError.self) { try operation() }
    }
    #expect(flash.changes == 2)
  }

  @Test func replacedFilesAreOldOrNewWhereverThePowerFails() throws {
    var cuts = 0
    for survival in Self.survivals {
      for cutAt in 1...100 {
        let start = try PowerCutFlash(base: InMemoryFlash())
        try start.replace("f", with: Self.bytes("o", 2000))
        let flash = try start.reboot(.everything, cutAt: cutAt)
        let isDone = (try? flash.replace("f", with: Self.bytes("n", 3000))) != nil
        let after = try flash.reboot(survival).readAll("f", maximumBytes: 5000)
        #expect(after == Self.bytes("n", 3000) || !isDone && after == Self.bytes("o", 2000), "\(survival), \(cutAt)")
        if isDone { break }
        cuts += 1
      }
    }
    #expect(cuts == 5 * Self.survivals.count)
  }

  @Test func theBootRecordIsOldOrNewWhereverThePowerFails() throws {
    var cuts = 0
    for survival in Self.survivals {
      for saved in 0...2 as ClosedRange<UInt64> {
        for cutAt in 1...10 {
          let start = try PowerCutFlash(base: InMemoryFlash())
          var store = BootRecordStore(start)
          for version in 0..<saved { try store.save(BootRecordTests.sample(version: version)) }
          let flash = try start.reboot(.everything, cutAt: cutAt)
          var writer = BootRecordStore(flash)
          let before = try writer.load().0
          let isDone = (try? writer.save(BootRecordTests.sample(version: 99))) != nil
          var reader = BootRecordStore(try flash.reboot(survival))
          let after = try reader.load().0
          #expect(after == BootRecordTests.sample(version: 99) || !isDone && after == before, "\(survival), \(cutAt)")
          // And it can be saved again.
          try reader.save(BootRecordTests.sample(version: 100))
          #expect(try reader.load().0 == BootRecordTests.sample(version: 100))
          if isDone { break }
          cuts += 1
        }
      }
    }
    #expect(cuts == (3 + 3 + 2) * Self.survivals.count)
  }
}
