import AppLink
import AppSupervision
import Curl
import FirmwareImage
import Foundation
import Foundations
import TestSupport
import Testing

/// A module is taken or refused alike by the image store, the developer's loop and a device, and in the same words.
@Suite(.seated, .serialized, .timeLimit(.minutes(10))) struct JudgementTests {
  /// Nil words: taken.
  struct Verdict: Equatable {
    var words: String?
  }

  /// Every feature that the generator knows.
  private static let features = [
    "bulk-memory", "compact-imports", "custom-descriptors", "custom-page-sizes", "exceptions", "extended-const", "gc",
    "memory64", "multi-value", "reference-types", "relaxed-simd", "saturating-float-to-int",
    "shared-everything-threads",
    "sign-extension-ops", "simd", "tail-call", "threads", "wide-arithmetic",
  ]

  @Test func generatedModulesAreJudgedAlike() async throws {
    let folder = try TemporaryFolder("xtblish-smith")
    let store = try await Store.start(folder)
    let settings = Self.features.map { "\"\($0)-enabled\": true" } + ["\"max-memories\": 3", "\"max-tables\": 4"]
    try Data("{\(settings.joined(separator: ", "))}".utf8).write(to: URL(fileURLWithPath: folder.path("features.json")))
    let shape = #"(module (memory (export "memory") 1) (func (export "_start")) (func (export "v") (param v128)))"#
    try await Data(assemble(shape)).write(to: URL(fileURLWithPath: folder.path("shape.wasm")))
    let python = URL(fileURLWithPath: try PythonEnvironment.interpreter())
    let tools = python.deletingLastPathComponent().appendingPathComponent("wasm-tools").path
    for seed in 1...20 as ClosedRange<UInt64> {
      try Data(Self.noise(4096, seed: seed)).write(to: URL(fileURLWithPath: folder.path("seed")))
      var arguments = ["smith", "--config", folder.path("features.json"), "--output", folder.path("smith.wasm")]
      // Half of them look like an app.
      if seed.isMultiple(of: 2) { arguments += ["--exports", folder.path("shape.wasm"), "--ensure-termination"] }
      let smith = try ChildProcess(tools, arguments + [folder.path("seed")])
      try #require(try await smith.waitForExit() == .exited(0), "\(smith.output)")
      let module = try Array(Data(contentsOf: URL(fileURLWithPath: folder.path("smith.wasm"))))
      try await Self.compare("seed \(seed)", module, store)
    }
  }

  /// Of the project's own making, with what each must be found to be.
  private static let modules: [(name: String, text: String, reason: String?)] = [
    ("a program", #"(module (memory (export "memory") 1) (func (export "_start")))"#, nil),
    (
      "exports with vectors and references",
      #"""
      (module (memory (export "memory") 1) (func (export "_start")) (func (export "f") (param v128))
        (func (export "g") (param externref) (result funcref) (ref.null func)) (global (export "h") v128 (v128.const i64x2 0 0)))
      """#, nil
    ),
    (
      "exports that differ by normalization",
      #"(module (memory (export "memory") 1) (func (export "_start")) (func (export "caf\c3\a9")) (func (export "cafe\cc\81")))"#,
      nil
    ),
    (
      "data beyond its memory",
      #"(module (memory (export "memory") 1) (func (export "_start")) (data (i32.const 65530) "seventh"))"#,
      "segment-out-of-bounds"
    ),
    ("one that traps", #"(module (memory (export "memory") 1) (func (export "_start") unreachable))"#, nil),
    ("no memory", #"(module (func (export "_start")))"#, "no-memory"),
    ("a memory of another name", #"(module (memory (export "mem") 1) (func (export "_start")))"#, "no-memory"),
    ("shared memory", #"(module (memory (export "memory") 1 2 shared) (func (export "_start")))"#, "memory-shared"),
    ("64-bit memory", #"(module (memory (export "memory") i64 1) (func (export "_start")))"#, "memory-64-bit"),
    ("too large a memory", #"(module (memory (export "memory") 1025) (func (export "_start")))"#, "memory-too-large"),
    (
      "too large a table", #"(module (memory (export "memory") 1) (table 65537 funcref) (func (export "_start")))"#,
      "table-too-large"
    ),
    (
      "a start with a parameter", #"(module (memory (export "memory") 1) (func (export "_start") (param i32)))"#,
      "entry-point-type"
    ),
    ("no entry", #"(module (memory (export "memory") 1))"#, "no-entry-point"),
    (
      "an import of nobody",
      #"(module (import "env" "printf" (func)) (memory (export "memory") 1) (func (export "_start")))"#,
      "host-import-unavailable"
    ),
    (
      "code that adds nothing", #"(module (memory (export "memory") 1) (func (export "_start") i32.add drop))"#,
      "webassembly-invalid"
    ),
    (
      "a call of no function", #"(module (memory (export "memory") 1) (func (export "_start") call 7))"#,
      "webassembly-invalid"
    ),
  ]

  @Test func modulesThatAreNoAppsAreJudgedAlike() async throws {
    let store = try await Store.start(try TemporaryFolder("xtblish-judge"))
    for (name, text, reason) in Self.modules {
      let module = try await assemble(text, options: ["--enable-threads", "--enable-memory64", "--no-check"])
      let found = try await Self.compare(name, module, store)
      #expect(found == reason, "\(name)")
    }
  }

  /// - Returns: the store's reason; nil if it took the module.
  @discardableResult
  private static func compare(_ name: String, _ module: [UInt8], _ store: Store) async throws -> String? {
    let (stored, reason) = try await store.judge(module)
    let device = try await judgeOnDevice(module)
    let loop = try await judgeInLoop(module)
    #expect((stored.words == nil) == (device.words == nil), "\(name): store \(stored), device \(device)")
    #expect((loop.words == nil) == (device.words == nil), "\(name): dev \(loop), device \(device)")
    if let words = device.words {
      #expect(stored.words?.contains(words) == true, "\(name): store \(stored), device \(device)")
      #expect(loop.words?.contains(words.prefix(200)) == true, "\(name): dev \(loop), device \(device)")
    }
    return reason
  }

  /// What the process that a device starts says of it.
  private static func judgeOnDevice(_ module: [UInt8]) async throws -> Verdict {
    let folder = try TemporaryFolder("xtblish-judged")
    let launcher = try ProcessAppLauncher(executable: product("xtblish-app-host"), directory: folder.path("ipc"))
    try Data(module).write(to: URL(filePath: folder.path("app.wasm")))
    let app = try await launcher.launch(
      AppLaunch(
        modulePath: folder.path("app.wasm"), compiledCachePath: folder.path("app.code"), deviceID: Array(1...16),
        version: 7, startDeadline: .seconds(20)))
    for await event in app.events {
      switch event {
      case .started:
        await app.stop(grace: .milliseconds(100))
        return Verdict()
      case .ended(.startFailed(let reason)): return Verdict(words: reason)
      // It ran.
      case .ended(.trapped), .ended(.exited), .ended(.deadlineExceeded): return Verdict()
      case .ended(let other): throw TestFailure("the process did not judge it: \(other)")
      default: break
      }
    }
    throw TestFailure("the process said nothing")
  }

  private static func judgeInLoop(_ module: [UInt8]) async throws -> Verdict {
    let bench = try DevLoopTests.Bench()
    try bench.write(module, to: bench.module)
    let dev = try bench.start()
    let outcomes = [
      "can't be run: ", "did not start: ", "running after", "trapped", "took too long", "exited", "the app ended",
    ]
    try await eventually("dev judges: \(dev.output)") { outcomes.contains { dev.output.contains($0) } }
    // The line has come to its end.
    try await eventually("dev ends its line: \(dev.output)") { dev.output.hasSuffix("\n") }
    let output = dev.output
    try await dev.stop()
    for mark in ["can't be run: ", "did not start: "] {
      if let range = output.range(of: mark) { return Verdict(words: String(output[range.upperBound...])) }
    }
    return Verdict()
  }

  private static func noise(_ count: Int, seed: UInt64) -> [UInt8] {
    var state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
    return (0..<count).map { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt8(truncatingIfNeeded: state >> 32)
    }
  }

  /// The real image store, which knows no Registry.
  private struct Store {
    let process: ChildProcess
    let url: String
    let client = HTTPClient()
    let folder: TemporaryFolder

    static func start(_ folder: TemporaryFolder) async throws -> Store {
      let ports = try (0..<3).map { _ in try FreePort() }
      let process = try ChildProcess(
        try product("xtblish-image-store"), ["serve"],
        environment: [
          "XTBLISH_INSECURE": "true", "XTBLISH_IMAGE_STORE_HTTP_LISTEN": "127.0.0.1:\(ports[0].number)",
          "XTBLISH_IMAGE_STORE_RPC_LISTEN": "tcp://127.0.0.1:\(ports[1].number)",
          "XTBLISH_IMAGE_STORE_OPERATIONS_LISTEN": "127.0.0.1:\(ports[2].number)",
          "XTBLISH_IMAGE_STORE_DIRECTORY": folder.path("store"),
        ])
      let store = Store(process: process, url: "http://127.0.0.1:\(ports[0].number)", folder: folder)
      try await eventually("the image store listens: \(process.output)") {
        guard process.isRunning else { throw TestFailure("it ended: \(process.output)") }
        return (try? await store.client.get(store.url + "/nothing")) != nil
      }
      return store
    }

    func judge(_ module: [UInt8]) async throws -> (Verdict, reason: String?) {
      let digest = try SHA256Digest.of(module)
      let answer = try await client.request(
        HTTPClient.Request("PUT", "\(url)/images/\(digest)", body: .bytes(module)))
      if [200, 201].contains(answer.status) { return (Verdict(), nil) }
      let problem = try JSONDecoder().decode(Problem.self, from: Data(answer.body))
      guard [415, 422].contains(answer.status) else { throw TestFailure("\(answer.status): \(problem)") }
      return (Verdict(words: problem.detail), problem.reason)
    }

    private struct Problem: Decodable {
      var reason: String
      var detail: String
    }
  }
}
