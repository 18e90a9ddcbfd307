import TestFlash
import TestSupport
import Testing

@testable import DeviceStorage
@testable import Foundations

/// What every flash does.
@Suite(.seated) struct FlashConformanceTests {
  enum Kind: CaseIterable { case directory, memory, powerCut, faulty }

  /// The folder lives as long as the flash is used.
  static func make(_ kind: Kind) throws -> (flash: any Flash, folder: TemporaryFolder) {
    let folder = try TemporaryFolder("xtblish-flash")
    switch kind {
    case .directory: return (try DirectoryFlash(directory: folder.path("flash")), folder)
    case .memory: return (InMemoryFlash(), folder)
    case .powerCut: return (try PowerCutFlash(base: InMemoryFlash()), folder)
    // One that is not told to fail.
    case .faulty: return (FaultyFlash(InMemoryFlash()), folder)
    }
  }

  static func write(_ text: String, to name: String, at offset: UInt64 = 0, _ flash: any Flash) throws {
    try flash.write(Array(text.utf8).span.bytes, to: name, at: offset)
  }

  static func text(_ name: String, _ flash: any Flash) throws -> String? {
    try flash.readAll(name, maximumBytes: 1000).map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(arguments: Kind.allCases) func whatIsWrittenIsRead(_ kind: Kind) throws {
    let (flash, folder) = try Self.make(kind)
    defer { withExtendedLifetime(folder) {} }
    try Self.write("hello", to: "a.txt", flash)
    try Self.write("p!", to: "a.txt", at: 3, flash)
    #expect(try Self.text("a.txt", flash) == "help!")
    #expect(try flash.size(of: "a.txt") == 5)
    #expect(try flash.read("a.txt", from: 1, count: 2) == Array("el".utf8))
    #expect(try flash.read("a.txt", from: 4, count: 100) == Array("!".utf8))
    #expect(try flash.read("a.txt", from: 99, count: 1) == [])
    try flash.sync("a.txt")
    try flash.syncNames()
  }

  @Test(arguments: Kind.allCases) func aGapReadsAsZeros(_ kind: Kind) throws {
    let (flash, folder) = try Self.make(kind)
    defer { withExtendedLifetime(folder) {} }
    try Self.write("x", to: "gap", at: 3, flash)
    #expect(try flash.read("gap", from: 0, count: 10) == [0, 0, 0, UInt8(ascii: "x")])
    try flash.resize("gap", to: 2)
    #expect(try flash.read("gap", from: 0, count: 10) == [0, 0])
    try flash.resize("gap", to: 4)
    #expect(try flash.read("gap", from: 0, count: 10) == [0, 0, 0, 0])
  }

  @Test(arguments: Kind.allCases) func aRenameReplaces(_ kind: Kind) throws {
    let (flash, folder) = try Self.make(kind)
    defer { withExtendedLifetime(folder) {} }
    try Self.write("new", to: "a", flash)
    try Self.write("old and longer", to: "b", flash)
    try flash.rename("a", to: "b")
    #expect(try Self.text("b", flash) == "new")
    #expect(try flash.list() == ["b"])
  }

  @Test(arguments: Kind.allCases) func replaceGivesNewContent(_ kind: Kind) throws {
    let (flash, folder) = try Self.make(kind)
    defer { withExtendedLifetime(folder) {} }
    try flash.replace("identity.json", with: Array("one, which is long".utf8))
    try flash.replace("identity.json", with: Array("two".utf8))
    #expect(try Self.text("identity.json", flash) == "two")
    #expect(try flash.list() == ["identity.json"])
  }

  @Test(arguments: Kind.allCases) func missingFilesAreToldApart(_ kind: Kind) throws {
    let (flash, folder) = try Self.make(kind)
    defer { withExtendedLifetime(folder) {} }
    #expect(try flash.size(of: "none") == nil)
    #expect(try flash.readAll("none", maximumBytes: 10) == nil)
    try flash.remove("none")
    for operation: () throws -> Void in [
      { _ = try flash.read("none", from: 0, count: 1) }, { try flash.sync("none") },
      { try flash.rename("none", to: "other") }, { try flash.resize("none", to: 1) },
    ] {
      let error = #expect(throws: FlashError.self) { try operation() }
      #expect(error?.kind == .missing)
    }
  }

  @Test(arguments: Kind.allCases) func namesDoNotLeaveTheFolder(_ kind: Kind) throws {
    let (flash, folder) = try Self.make(kind)
    defer { withExtendedLifetime(folder) {} }
    for name in [
      "", ".", "..", "../x", "a/b", "/etc/passwd", "a+b", "ä", "a b", ".hidden", String(repeating: "a", count: 65),
    ] {
      let error = #expect(throws: FlashError.self) { try Self.write("x", to: name, flash) }
      #expect(error?.kind == .invalidName)
      #expect(throws: FlashError.self) { try flash.size(of: name) }
      #expect(throws: FlashError.self) { try flash.remove(name) }
    }
    #expect(try flash.list() == [])
  }

  @Test(arguments: Kind.allCases) func aFileTooLargeIsNotRead(_ kind: Kind) throws {
    let (flash, folder) = try Self.make(kind)
    defer { withExtendedLifetime(folder) {} }
    try Self.write("123456", to: "big", flash)
    #expect(throws: FlashError.self) { try flash.readAll("big", maximumBytes: 5) }
    #expect(try flash.availableBytes() > 0)
    #expect(try flash.capacityBytes() >= flash.availableBytes())
  }

  @Test func aFullFlashSaysSo() throws {
    let flash = InMemoryFlash(capacityBytes: 4)
    try Self.write("1234", to: "a", flash)
    let error = #expect(throws: FlashError.self) { try Self.write("5", to: "b", flash) }
    #expect(error?.kind == .noSpace)
    #expect(try flash.availableBytes() == 0)
  }

  @Test func aFileInPlaceOfTheDirectoryIsRefused() throws {
    let folder = try TemporaryFolder("xtblish-flash")
    try writeFile(folder.path("file"), "x")
    #expect(throws: FlashError.self) { try DirectoryFlash(directory: folder.path("file")) }
  }
}
