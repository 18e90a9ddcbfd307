import TestSupport
import Testing
import WebAssemblyModule

/// What a crash report needs to be told in lines of source: the build ID, and where the code begins.
@Suite(.seated) struct WebAssemblyBuildTests {
  private static let id = (0..<20).map { UInt8($0 + 0xE0) }

  /// A module that ends with a custom section of this content after the name.
  private static func module(_ content: [UInt8], section title: String = "build_id") -> [UInt8] {
    wasmPreamble + wasmSection(0, wasmName(title) + content)
  }

  struct Row: Sendable, CustomTestStringConvertible {
    var name: String
    var module: [UInt8]
    var buildID: [UInt8]
    var testDescription: String { name }
  }

  static let rows = [
    Row(name: "as wasm-ld writes it", module: module([20] + id), buildID: id),
    Row(name: "its length in five bytes", module: module([0x94, 0x80, 0x80, 0x80, 0] + id), buildID: id),
    Row(name: "without a length", module: module(id), buildID: id),
    Row(
      name: "the longest", module: module([64] + [UInt8](repeating: 7, count: 64)),
      buildID: Array(repeating: 7, count: 64)),
    Row(name: "too long", module: module([65] + [UInt8](repeating: 7, count: 65)), buildID: []),
    Row(name: "far too long", module: module([UInt8](repeating: 7, count: 100_000)), buildID: []),
    Row(name: "empty", module: module([0]), buildID: []),
    Row(name: "nothing at all", module: module([]), buildID: []),
    Row(name: "another section with a name as long", module: module([20] + id, section: "build-id"), buildID: []),
    Row(
      name: "a length beyond 32 bits", module: module([0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 1]),
      buildID: [255, 255, 255, 255, 0x7F, 1]),
    Row(name: "two of them", module: module([1, 9]) + wasmSection(0, wasmName("build_id") + [1, 8]), buildID: [9]),
    Row(
      name: "an empty one and a good one", module: module([0]) + wasmSection(0, wasmName("build_id") + [1, 8]),
      buildID: [8]),
  ]

  @Test(arguments: rows)
  func aBuildIDIsRead(_ row: Row) throws {
    #expect(try WebAssemblyModule.interface(of: row.module).buildID == row.buildID)
    // Byte by byte too.
    var checker = WebAssemblyChecker()
    for byte in row.module { try checker.update([byte]) }
    #expect(try checker.finish().buildID == row.buildID)
  }

  @Test func aBuildIDCutShortIsNoModule() throws {
    let whole = Self.module([20] + Self.id)
    for length in (wasmPreamble.count + 1)..<whole.count {
      let error = #expect(throws: WebAssemblyError.self) {
        try WebAssemblyModule.interface(of: Array(whole.prefix(length)))
      }
      #expect(error?.reason == "webassembly-cut-short", "\(length) bytes")
    }
  }

  @Test func theCodeSectionsBodyIsFound() throws {
    let module = try sampleModule()
    let offset = try #require(try WebAssemblyModule.interface(of: module).codeSectionOffset)
    // One function of two bytes: no locals, and its end.
    #expect(Array(module[Int(offset)...].prefix(4)) == [1, 2, 0, 0x0B])
    #expect(Array(module[(Int(offset) - 2)..<Int(offset)]) == [10, 4])
    #expect(try WebAssemblyModule.interface(of: wasmPreamble).codeSectionOffset == nil)
  }

  @Test func aSizeInMoreBytesThanItNeedsMovesTheBody() throws {
    let module =
      wasmPreamble + wasmSection(1, [1, 0x60, 0, 0]) + wasmSection(3, [1, 0]) + [
        10, 0x84, 0x80, 0x80, 0x80, 0, 1, 2, 0, 0x0B,
      ]
    let offset = try #require(try WebAssemblyModule.interface(of: module).codeSectionOffset)
    #expect(Array(module[Int(offset)...]) == [1, 2, 0, 0x0B])
  }
}
