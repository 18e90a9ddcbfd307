import Foundation
import Glibc
import ServiceKit
import TestSupport
import Testing
import WebAssemblyModule

@testable import RegistryClient
@testable import RegistryDomain

/// With real compilers, the devices' engine, and every llvm-symbolizer that there is.
@Suite(.seated) struct SymbolTests {
  private static func tools() async throws -> [SymbolizerTool] {
    let paths = [try await CrashingModule.toolchain("llvm-symbolizer"), "/usr/bin/llvm-symbolizer"]
    let tools = paths.filter { access($0, X_OK) == 0 }.map { SymbolizerTool(path: $0) }
    #expect(!tools.isEmpty)
    return tools
  }

  /// A cache that has the module already, and an image store that nobody runs.
  private func symbols(
    _ module: CrashingModule, _ crash: CrashDocument, _ tool: SymbolizerTool
  ) async throws -> CrashSymbols {
    let folder = try TemporaryFolder("xtblish-cache")
    let buildID = try #require(crash.buildID)
    try Data(module.debug).write(to: URL(fileURLWithPath: folder.path("\(buildID).wasm")))
    let cache = DebugModuleCache(folder: folder.path, imageStore: "http://127.0.0.1:1")
    return await allowingBlockingCalls { await CrashSymbols.find(crash, in: cache, with: tool) }
  }

  private func places(_ locations: [CodeLocation]) -> [String] {
    locations.map { "\($0.function) \($0.file.split(separator: "/").last ?? ""):\($0.line)" }
  }

  @Test(arguments: [4, 5]) func linesOfC(dwarf: Int) async throws {
    let module = try await CrashingModule.buildC(dwarf: dwarf)
    let crash = try module.crash(argument: 0)
    #expect(crash.code == "integer-division-by-zero")
    // The device knows no names: its module has none.
    #expect(crash.frames.allSatisfy { $0.function == nil })
    for tool in try await Self.tools() {
      let found = try await symbols(module, crash, tool)
      #expect(found.advice == nil)
      let expected = [["divide app.c:3"], ["inner app.c:7", "middle app.c:10"], ["run app.c:12"]]
      #expect(found.locations.map { places($0) } == expected)
      let text = crash.text(found)
      #expect(text.contains("inner at "))
      #expect(text.contains("(inlined)"))
    }
  }

  @Test func linesOfRust() async throws {
    let module = try await CrashingModule.buildRust()
    let crash = try module.crash(argument: 3)
    for tool in try await Self.tools() {
      let found = try await symbols(module, crash, tool).locations.flatMap { $0 }
      let own = found.filter { $0.file.hasSuffix("app.rs") }.map { "\($0.function):\($0.line)" }
      #expect(own.count == 2)
      #expect(own.first?.contains("pick") == true && own.first?.hasSuffix(":3") == true)
      #expect(own.last == "run:8")
      #expect(found.contains { $0.function.contains("panic_bounds_check") })
    }
  }

  @Test func linesOfEmbeddedSwift() async throws {
    let module = try await CrashingModule.buildSwift()
    let crash = try module.crash(argument: 3)
    for tool in try await Self.tools() {
      let found = try await symbols(module, crash, tool).locations.flatMap { $0 }
      let own = found.filter { $0.file.hasSuffix("app.swift") }
      #expect(own.contains { $0.function.contains("check") && $0.line == 4 })
      #expect(own.contains { $0.function.contains("run") && $0.line == 12 })
    }
  }

  /// Stripping may move the code section, so an offset in the stripped module need not be one in the other.
  @Test func bothWaysToAnAddressAgree() async throws {
    let module = try await CrashingModule.buildC(dwarf: 4)
    let debug = try WebAssemblyModule.interface(of: module.debug)
    let stripped = try WebAssemblyModule.interface(of: module.stripped)
    #expect(debug.buildID == stripped.buildID)
    #expect(!stripped.hasNames && !stripped.hasDebugInformation)
    #expect(debug.hasNames && debug.hasDebugInformation)
    // By the function, and by the module that the device runs.
    let layout = try #require(CodeLayout(module.debug, debug))
    for frame in try module.crash(argument: 0).frames {
      #expect(
        layout.address(functionIndex: frame.functionIndex, functionOffset: frame.functionOffset)
          == frame.moduleOffset - (stripped.codeSectionOffset ?? 0))
    }
  }

  @Test func aModuleWithOtherCodeGivesNoLines() async throws {
    let module = try await CrashingModule.buildC(dwarf: 4)
    var crash = try module.crash(argument: 0)
    for index in crash.frames.indices { crash.frames[index].functionOffset += 100_000 }
    let tool = try #require(try await Self.tools().first)
    let found = try await symbols(module, crash, tool)
    #expect(found.locations.allSatisfy { $0.isEmpty })
    #expect(found.advice?.contains("changed after linking") == true)
    #expect(crash.text(found).contains("#0  (function "))
  }

  @Test func whatIsMissingIsSaid() async throws {
    let module = try await CrashingModule.buildC(dwarf: 4)
    let crash = try module.crash(argument: 0)
    let folder = try TemporaryFolder("xtblish-cache")
    let server = try ScriptedHTTPServer { request, connection in
      connection.respond(404, body: Array(request.path.utf8))
    }
    let cache = DebugModuleCache(folder: folder.path, imageStore: server.url)
    let tool = try await Self.tools()[0]
    let (missing, toolless, anonymous) = await allowingBlockingCalls {
      var other = crash
      other.buildID = nil
      return (
        await CrashSymbols.find(crash, in: cache, with: tool), await CrashSymbols.find(crash, in: cache, with: nil),
        await CrashSymbols.find(other, in: cache, with: tool)
      )
    }
    let buildID = try #require(crash.buildID)
    #expect(missing.advice?.contains(buildID) == true)
    #expect(missing.advice?.contains("push --debug") == true)
    #expect(toolless.advice?.contains("XTBLISH_LLVM_SYMBOLIZER") == true)
    #expect(anonymous.advice?.contains("--build-id=sha1") == true)
  }

  @Test func aModuleIsFetchedOnce() async throws {
    let module = try await CrashingModule.buildC(dwarf: 5)
    let crash = try module.crash(argument: 0)
    let folder = try TemporaryFolder("xtblish-cache")
    let (bytes, buildID) = (module.debug, try #require(crash.buildID))
    let server = try ScriptedHTTPServer { request, connection in
      connection.respond(request.path == "/debug/\(buildID)" ? 200 : 404, body: bytes)
    }
    let cache = DebugModuleCache(folder: folder.path("deep/er"), imageStore: server.url + "/")
    let tool = try await Self.tools()[0]
    for _ in 0..<2 {
      let found = await allowingBlockingCalls { await CrashSymbols.find(crash, in: cache, with: tool) }
      #expect(found.locations.first.map { places($0) } == ["divide app.c:3"])
    }
    #expect(server.requests.count == 1)
  }

  @Test func anImageStoreThatLiesIsNotBelieved() async throws {
    let module = try await CrashingModule.buildC(dwarf: 4)
    let crash = try module.crash(argument: 0)
    let folder = try TemporaryFolder("xtblish-cache")
    let server = try ScriptedHTTPServer { _, connection in connection.respond(200, body: Array("hello".utf8)) }
    let cache = DebugModuleCache(folder: folder.path, imageStore: server.url)
    let tool = try await Self.tools()[0]
    let found = await allowingBlockingCalls { await CrashSymbols.find(crash, in: cache, with: tool) }
    #expect(found.advice?.contains("no module of that build") == true)
  }
}

@Suite(.seated) struct BoundedProgramTests {
  private func run(_ script: String, limit: Duration = .seconds(60), bytes: Int = 1 << 20) async throws -> [UInt8] {
    try await allowingBlockingCalls {
      try BoundedProgram.run("/bin/sh", ["-c", script], limit: limit, maximumOutputBytes: bytes)
    }
  }

  @Test func itsOutputComes() async throws {
    #expect(try await run("printf abc; printf noise >&2") == Array("abc".utf8))
  }

  @Test func oneThatHangsIsStopped() async throws {
    await #expect(throws: BoundedProgram.Failure.tooSlow(.milliseconds(200))) {
      // Sleeps: a program that hangs is what the test is about.
      try await run("exec sleep 600", limit: .milliseconds(200))
    }
  }

  @Test func oneThatFloodsIsStopped() async throws {
    await #expect(throws: BoundedProgram.Failure.tooMuchOutput(bytes: 1000)) {
      try await run("exec cat /dev/zero", bytes: 1000)
    }
  }

  @Test func failuresAreTold() async throws {
    await #expect(throws: BoundedProgram.Failure.failed(3)) { try await run("exit 3") }
    await #expect(throws: BoundedProgram.Failure.failed(-9)) { try await run("kill -9 $$") }
    await #expect(throws: BoundedProgram.Failure.notStarted(errno: ENOENT)) {
      try await allowingBlockingCalls {
        try BoundedProgram.run("/no/such/program", [], limit: .seconds(1), maximumOutputBytes: 1)
      }
    }
  }
}
