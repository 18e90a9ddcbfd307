import TestApps
import TestSupport
import Testing
import WebAssemblyModule

@testable import Foundations

/// What the examples' build makes, before anything runs it.
@Suite(.seated, .timeLimit(.minutes(10))) struct ExampleBuildTests {
  /// In bytes, stripped. An app travels to every device, so that it grows is to be noticed.
  private static func sizeLimit(_ name: String) -> Int {
    if name.hasSuffix("-wat") { return 4 << 10 }
    switch name {
    case "hello-rust": return 192 << 10
    case "hello-c": return 64 << 10
    case let name where name.hasSuffix("-c"): return 8 << 10
    default: return 80 << 10
    }
  }

  @Test func eachIsOfferedAllThatItImportsAndIsSmall() async throws {
    for name in ExampleBuild.names {
      let bytes = try await ExampleBuild.module(name)
      let interface = try WebAssemblyModule.interface(of: bytes)
      #expect(AppCheck.problem(in: interface) == nil && AppWarning.of(interface).isEmpty, "\(name)")
      #expect(bytes.count <= Self.sizeLimit(name), "\(name)")
      let exports = Set(interface.exports.filter { $0.kind == .function }.map(\.name))
      let isProgram = name.hasPrefix("hello-")
      #expect(exports.isSuperset(of: isProgram ? ["_start"] : ["xtb_init", "xtb_event"]), "\(name)")
      #expect(interface.exports.contains { $0.name == "memory" && $0.kind == .memory }, "\(name)")
      // An ordinary program knows nothing of this device; what else there is imports no more than it calls.
      #expect(Set(interface.imports.map(\.module)).isDisjoint(with: isProgram ? ["xtb1"] : ["wasi_snapshot_preview1"]))
      if name.hasSuffix("-wat") { continue }

      let debug = try WebAssemblyModule.interface(of: await ExampleBuild.debugModule(name).bytes)
      #expect(!interface.buildID.isEmpty && interface.buildID == debug.buildID, "\(name)")
      #expect(debug.codeSectionOffset != nil)
    }
  }

  @Test func whatIsBuiltIsNotBuiltAgain() async throws {
    let output = try TemporaryFolder("xtblish-examples")
    let first = try await ExampleBuild.run(["--output", output.path, "crash-c", "sensor-wat"])
    #expect(first.ending == .exited(0) && first.output.split(separator: "\n").count == 2, "\(first.output)")
    let again = try await ExampleBuild.run(["--output", output.path, "crash-c", "sensor-wat"])
    #expect(again.ending == .exited(0) && again.output.isEmpty, "\(again.output)")
  }

  @Test func elsewhereTheSameBytesComeOut() async throws {
    let folder = try TemporaryFolder("xtblish-examples")
    let copy = try ChildProcess("cp", ["-R", "\(packageDirectory())/Examples", folder.path("Elsewhere")])
    #expect(try await copy.waitForExit() == .exited(0))
    let names = ["sensor-c", "crash-swift", "crash-rust", "hello-c"]
    let here = try await ExampleBuild.run(["--output", folder.path("one")] + names)
    let there = try await ExampleBuild.run(
      ["--output", folder.path("two")] + names, script: folder.path("Elsewhere/build"))
    try #require(here.ending == .exited(0) && there.ending == .exited(0), "\(here.output)\(there.output)")
    for file in names.flatMap({ ["\($0).wasm", "\($0).debug.wasm"] }) {
      let (one, two) = try (
        ExampleBuild.read(folder.path("one/\(file)")), ExampleBuild.read(folder.path("two/\(file)"))
      )
      #expect(one == two, "\(file)")
    }
  }

  @Test(arguments: [
    ("sensor-c", ["CLANG": "", "SWIFTC": "/nowhere/swiftc"], "install Swift"),
    ("sensor-swift", ["SWIFTC": "/nowhere/swiftc"], "install Swift"),
    ("sensor-rust", ["RUSTC": "/nowhere/rustc"], "apt-get install rustc"),
    ("sensor-wat", ["WAT2WASM": "/nowhere/wat2wasm"], "apt-get install wabt"),
    ("hello-c", ["WASI_SYSROOT": "/nowhere"], "apt-get install wasi-libc"),
    ("hello-c", ["WASI_BUILTINS": "/nowhere"], "apt-get install libclang-rt-14-dev-wasm32"),
  ])
  func aMissingToolIsNamedWithItsRemedy(name: String, environment: [String: String], advice: String) async throws {
    let output = try TemporaryFolder("xtblish-examples")
    let (ending, text) = try await ExampleBuild.run(["--output", output.path, name], environment: environment)
    #expect(ending == .exited(1))
    #expect(text.contains(advice) && text.contains(name), "\(text)")
  }

  @Test(arguments: [["nothing"], ["--version"], ["--version", "a b"], ["--fast"]])
  func wrongUsageIsToldSo(arguments: [String]) async throws {
    let (ending, text) = try await ExampleBuild.run(arguments)
    #expect(ending == .exited(64) && !text.isEmpty)
  }
}
