import TestSupport
import Testing
import Wasmtime

@Suite(.seated) struct ModuleTests {
  static let adder =
    #"(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"#

  @Test func compilesAndCalls() async throws {
    let engine = try makeEngine()
    let module = try await makeModule(Self.adder, in: engine)
    let instance = try Linker(engine: engine).instantiate(module, in: makeStore(engine))
    let add = try #require(instance.function(named: "add"))
    #expect(add.type == FunctionType([.i32, .i32], [.i32]))
    #expect(try add(.i32(2), .i32(-5)) == [.i32(-3)])
    #expect(instance.function(named: "subtract") == nil)
  }

  @Test func passesEveryNumberType() async throws {
    let engine = try makeEngine()
    let module = try await makeModule(
      """
      (module (func (export "swap") (param i32 i64 f32 f64) (result f64 f32 i64 i32)
        (local.get 3) (local.get 2) (local.get 1) (local.get 0)))
      """, in: engine)
    let swap = try #require(
      Linker(engine: engine).instantiate(module, in: makeStore(engine)).function(named: "swap"))
    #expect(
      try swap(.i32(.min), .i64(.min), .f32(-1.5), .f64(0.1)) == [.f64(0.1), .f32(-1.5), .i64(.min), .i32(.min)])
  }

  @Test func refusesArgumentsOfOtherTypes() async throws {
    let engine = try makeEngine()
    let module = try await makeModule(Self.adder, in: engine)
    let instance = try Linker(engine: engine).instantiate(module, in: makeStore(engine))
    let add = try #require(instance.function(named: "add"))
    #expect(throws: WasmtimeCallFailure.self) { try add(.i64(1), .i32(1)) }
    #expect(throws: WasmtimeCallFailure.self) { try add(.i32(1)) }
    #expect(try add(.i32(1), .i32(1)) == [.i32(2)])
  }

  @Test(
    arguments: [
      [], [0, 0x61, 0x73, 0x6d], Array("#!/bin/sh\n".utf8),
      [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff, 0x0f],
      // A component, not a module.
      [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0],
    ] as [[UInt8]])
  func saysWhatIsWrongWithABadModule(bytes: [UInt8]) throws {
    let engine = try makeEngine()
    do throws(WasmtimeError) {
      _ = try Module(engine: engine, wasm: bytes)
      Issue.record("compiled")
    } catch {
      #expect(error.kind == .invalidModule)
      #expect(!error.message.isEmpty)
    }
  }

  @Test func validatesWithoutCompiling() async throws {
    let engine = try makeEngine()
    try Module.validate(await assemble(Self.adder), engine: engine)
    // i32.add of nothing.
    let code: [UInt8] = [0x0A, 5, 1, 3, 0, 0x6A, 0x0B]
    let invalid = [0, 0x61, 0x73, 0x6D, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0] + code
    let error = #expect(throws: WasmtimeError.self) { try Module.validate(invalid, engine: engine) }
    #expect(error?.kind == .invalidModule && error?.message.contains("type mismatch") == true, "\(error as Any)")
  }

  @Test func serialisedCodeRunsAgain() async throws {
    let engine = try makeEngine()
    let code = try await makeModule(Self.adder, in: engine).serialized()
    let other = try makeEngine()
    let module = try unsafe Module(engine: other, trustedCode: code)
    let add = try #require(Linker(engine: other).instantiate(module, in: makeStore(other)).function(named: "add"))
    #expect(try add(.i32(20), .i32(22)) == [.i32(42)])
  }

  @Test func codeOfOtherSettingsOrNoCodeIsRefused() async throws {
    let engine = try makeEngine()
    let code = try await makeModule(Self.adder, in: engine).serialized()
    let small = try makeEngine(EngineConfiguration(reservesAddressSpace: false))
    for bytes in [code, [], Array(code.prefix(100)), [UInt8](repeating: 0x7f, count: 10_000)] {
      do throws(WasmtimeError) {
        _ = try unsafe Module(engine: small, trustedCode: bytes)
        Issue.record("loaded")
      } catch {
        #expect(error.kind == .incompatibleCode)
      }
    }
  }

  @Test func unreasonableStackIsRefusedHereAndNotByAbort() throws {
    for bytes in [0, -1, 64 << 20] {
      #expect(throws: WasmtimeError.self) { try makeEngine(EngineConfiguration(maximumStackBytes: bytes)) }
    }
  }
}
