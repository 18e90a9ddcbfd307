import DeviceProtocol
import Foundations
import TestSupport
import Testing
import WebAssemblyModule

@Suite(.seated) struct WebAssemblyTests {
  @Test func importsAndExportsAreRead() throws {
    let interface = try WebAssemblyModule.interface(of: sampleModule())
    #expect(
      interface.imports == [
        .init(module: "xtb1", name: "log", kind: .function, typeIndex: 0),
        .init(module: "env", name: "table", kind: .table),
        .init(module: "env", name: "memory", kind: .memory), .init(module: "env", name: "flag", kind: .global),
        .init(module: "env", name: "oops", kind: .tag),
      ])
    #expect(
      interface.exports == [
        .init(name: "memory", kind: .memory), .init(name: "xtb_init", kind: .function, index: 1),
      ])
    #expect(interface.functionType(0) == WebAssemblyFunctionType("") && interface.functionType(1) != nil)
    #expect(interface.functionType(2) == nil)
    #expect(interface.memories.map(\.minimum) == [1] && interface.tables.map(\.maximum) == [128])
    #expect(try WebAssemblyModule.interface(of: wasmPreamble) == WebAssemblyInterface())
  }

  @Test(arguments: [1, 2, 3, 5, 8, 64, 4096])
  func piecesOfAnySizeGiveTheSame(pieceSize: Int) throws {
    let module = try sampleModule(customBytes: 2_000)
    var checker = WebAssemblyChecker()
    var rest = module[...]
    while !rest.isEmpty {
      try checker.update(Array(rest.prefix(pieceSize)))
      rest = rest.dropFirst(pieceSize)
    }
    #expect(try checker.finish() == WebAssemblyModule.interface(of: module))
  }

  @Test func everyShorterModuleIsRefusedUnlessItIsWholeByItself() throws {
    let module = try sampleModule()
    // Cut before the function section the rest is a module of its own; so it is before the custom
    // section at the end.
    let functionSection = wasmPreamble.count + wasmSection(1, [1, 0x60, 0, 0]).count + importSectionBytes(module)
    let customSection = module.count - wasmSection(0, wasmName("note") + [UInt8](repeating: 0, count: 10)).count
    let typeSection = wasmPreamble.count + wasmSection(1, [1, 0x60, 0, 0]).count
    let whole: Set<Int> = [wasmPreamble.count, typeSection, functionSection, customSection, module.count]
    for length in 0...module.count {
      let cut = Array(module.prefix(length))
      if whole.contains(length) {
        _ = try WebAssemblyModule.interface(of: cut)
      } else {
        let error = #expect(throws: WebAssemblyError.self) { try WebAssemblyModule.interface(of: cut) }
        #expect(error?.reason == (length == 0 ? "not-webassembly" : "webassembly-cut-short"), "\(length) bytes")
      }
    }
  }

  private func importSectionBytes(_ module: [UInt8]) -> Int {
    let start = wasmPreamble.count + wasmSection(1, [1, 0x60, 0, 0]).count
    return 2 + Int(module[start + 1])
  }

  static let trailing: [[UInt8]] = [
    [0], [0, 0], [0xFF], [0x0A, 0x0D], Array("garbage".utf8), wasmPreamble, [14, 1, 0], [1, 1, 0], [0, 1, 5],
  ]

  @Test(arguments: trailing)
  func trailingBytesAreNoticed(bytes: [UInt8]) throws {
    let module = try sampleModule() + bytes
    #expect(throws: WebAssemblyError.self) { try WebAssemblyModule.interface(of: module) }
  }

  static let foreign: [(bytes: [UInt8], reason: String, hint: String)] = [
    ([], "not-webassembly", "is empty"),
    (Array("\u{7F}ELF\u{2}\u{1}\u{1}\u{0}..".utf8), "not-webassembly", "ELF"),
    (Array("(module (func))".utf8), "not-webassembly", "wat2wasm"),
    (Array("{\"a\": 1, \"b\"}".utf8), "not-webassembly", "JSON"),
    (Array("------------------------multi".utf8), "not-webassembly", "--data-binary"),
    ([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0], "not-webassembly", "gzip"),
    (Array("abcdefghijk".utf8), "not-webassembly", "61 62 63"),
    (Array("ab".utf8), "not-webassembly", "61 62"),
    ([0x00, 0x61, 0x73, 0x6D, 0x0D, 0x00, 0x01, 0x00], "webassembly-component", "core module"),
    ([0x00, 0x61, 0x73, 0x6D, 0x02, 0x00, 0x00, 0x00], "webassembly-version", "version 2"),
    ([0x00, 0x61, 0x73, 0x6D, 0x0D, 0x00, 0x00, 0x00], "webassembly-version", "version 13"),
    ([0x00, 0x61, 0x73], "webassembly-cut-short", "cut short"),
  ]

  @Test(arguments: foreign)
  func otherFormatsAreCalledByTheirName(bytes: [UInt8], reason: String, hint: String) {
    let error = #expect(throws: WebAssemblyError.self) { try WebAssemblyModule.interface(of: bytes) }
    #expect(error?.reason == reason)
    #expect(error?.description.contains(hint) == true, "\(error?.description ?? "")")
  }

  static let damaged: [(bytes: [UInt8], problem: String)] = [
    (wasmSection(3, [1, 0]) + wasmSection(1, [1, 0x60, 0, 0]), "out of order"),
    (wasmSection(1, [0]) + wasmSection(1, [0]), "repeated"),
    (wasmSection(10, [0]) + wasmSection(12, [0]), "out of order"),
    ([1, 0], "empty"),
    ([1, 0x80, 0x80, 0x80, 0x80, 0x10], "LEB128"),
    ([1, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00], "LEB128"),
    (wasmSection(1, [0x80, 0x80]), "ends inside its first number"),
    (wasmSection(1, [5, 0, 0]), "too few bytes"),
    (wasmSection(3, [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]), "too few bytes"),
    (wasmSection(8, [0, 0]), "follow its one number"),
    (wasmSection(0, [9, 1, 2]), "name is longer"),
    (wasmSection(2, [1] + wasmName("a") + wasmName("b") + [9, 0]), "unknown kind 9"),
    (wasmSection(2, [1] + wasmName("a") + [50, 0, 0, 0]), "longer than the section"),
    (wasmSection(2, [1] + wasmName("a") + [1, 0xFF, 0, 0]), "not UTF-8"),
    (wasmSection(2, [1] + wasmName("a") + wasmName("b") + [0]), "ends inside an entry"),
    (wasmSection(2, [1] + wasmName("a") + wasmName("b") + [0, 0, 0]), "follow its last entry"),
    (wasmSection(2, [1] + wasmName("a") + wasmName("b") + [2, 0x10, 0]), "limits"),
    (wasmSection(2, [1] + wasmName("a") + wasmName("b") + [3, 0x7F, 7]), "mutability"),
    (wasmSection(2, [1] + wasmName("a") + wasmName("b") + [0, 0x80, 0x80, 0x80, 0x80, 0x7F]), "LEB128"),
    (wasmSection(2, [0xFF, 0xFF, 0xFF, 0x7F]), "too few bytes"),
    (wasmSection(7, [2] + wasmName("x") + [0, 0] + wasmName("x") + [0, 0]), "exported twice"),
  ]

  @Test(arguments: damaged)
  func damageIsDescribed(bytes: [UInt8], problem: String) {
    let error = #expect(throws: WebAssemblyError.self) { try WebAssemblyModule.interface(of: wasmPreamble + bytes) }
    #expect(error?.reason == "webassembly-damaged")
    #expect(error?.description.contains(problem) == true, "\(error?.description ?? "")")
  }

  @Test func aHugeImportSectionIsRefusedBeforeItIsRead() throws {
    var checker = WebAssemblyChecker()
    do {
      try checker.update(wasmPreamble + [2] + leb128(1 << 20 + 1))
      Issue.record("a section over the limit was begun")
    } catch { #expect(error == .sectionTooLarge(id: 2, sizeBytes: 1 << 20 + 1, limitBytes: 1 << 20)) }
  }

  @Test func sixtyFourBitMemoriesAndReferenceTypesAreRead() throws {
    let entries: [[UInt8]] = [
      wasmName("a") + wasmName("m64") + [2, 0x05, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01, 0xFF, 0xFF, 0x7F],
      wasmName("a") + wasmName("paged") + [2, 0x08, 0x01, 0x00],
      wasmName("a") + wasmName("ref") + [3, 0x64, 0xF0, 0x00, 0x01],
    ]
    let module = wasmPreamble + wasmSection(2, leb128(entries.count) + entries.flatMap { $0 })
    #expect(try WebAssemblyModule.interface(of: module).imports.map(\.name) == ["m64", "paged", "ref"])
  }

  /// Never a crash, always an answer; and an accepted mutant reads the same in any pieces.
  @Test func mutantsAreAnswered() throws {
    var random = SplitMix64(seed: 4242)
    let module = try sampleModule()
    var refused = 0
    for _ in 0..<20_000 {
      var mutant = module
      for _ in 0..<Int.random(in: 1...3, using: &random) {
        let index = Int.random(in: 0..<mutant.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: mutant[index] = UInt8.random(in: 0...255, using: &random)
        case 1: mutant.remove(at: index)
        default: mutant.insert(UInt8.random(in: 0...255, using: &random), at: index)
        }
      }
      let whole = Result { () throws(WebAssemblyError) in try WebAssemblyModule.interface(of: mutant) }
      if case .failure = whole { refused += 1 }
      let pieces = Result { () throws(WebAssemblyError) in
        var checker = WebAssemblyChecker()
        for byte in mutant { try checker.update([byte]) }
        return try checker.finish()
      }
      #expect(whole == pieces)
    }
    #expect(refused > 15_000)
  }
}
