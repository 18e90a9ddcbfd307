import FirmwareImage
import Foundation
import TestSupport

@testable import DeviceStorage
@testable import Foundations

/// The device's real program, on a harness's broker and image store.
struct DeviceProcess: Sendable {
  let harness: AgentHarness
  let directory: String

  init(_ harness: AgentHarness) throws {
    self.harness = harness
    directory = harness.folder.path("device")
    try harness.identity.save(to: try DirectoryFlash(directory: directory))
  }

  var environment: [String: String] {
    [
      "XTBLISH_DEVICE_DIRECTORY": directory, "XTBLISH_DEVICE_HEARTBEAT_SECONDS": "1", "XTBLISH_LOG_LEVEL": "debug",
      "XTBLISH_INSECURE": "true",
    ]
  }

  /// - Parameters:
  ///   - settings: environment variables on top of the usual ones.
  ///   - tracing: options of strace, under which it then runs.
  func start(settings: [String: String] = [:], tracing: [String]? = nil) throws -> ChildProcess {
    let environment = environment.merging(settings) { $1 }
    let executable = try product("xtblish-device")
    guard let tracing else {
      return try ChildProcess(executable, ["run"], environment: environment, inheritsEnvironment: false)
    }
    return try ChildProcess(
      // The device ends with strace, which would leave it running when it is killed.
      "strace",
      ["-f", "-qq", "--seccomp-bpf", "-o", "/dev/null"] + tracing
        + ["setpriv", "--pdeathsig", "KILL", executable, "run"],
      environment: environment, inheritsEnvironment: false)
  }

  func status() async throws -> [String: Any] {
    let (_, output) = try await Self.command(["status", "--json"], environment: environment)
    guard let status = try JSONSerialization.jsonObject(with: Data(output.utf8)) as? [String: Any] else {
      throw TestFailure("no status: \(output)")
    }
    return status
  }

  /// Runs one of its commands to the end.
  static func command(
    _ arguments: [String], environment: [String: String] = [:], input: String = "/dev/null"
  ) async throws -> (status: ProcessEnding, output: String) {
    let process = try ChildProcess(
      try product("xtblish-device"), arguments, environment: environment, inheritsEnvironment: false, input: input)
    return (try await process.waitForExit(), process.output)
  }

  /// A module that logs "version N" and confirms its health, as an image.
  ///
  /// - Parameter traps: in its first event instead of confirming.
  func image(_ version: UInt64, traps: Bool = false) async throws -> TestImage {
    let text = "hello from version \(version)"
    let last =
      traps
      ? "(drop (call $timer (i64.const 1000000) (i64.const 1000000)))" : "(drop (call $confirm))"
    let wasm = try await assemble(
      """
      (module
        (import "xtb1" "log" (func $log (param i32 i32 i32) (result i32)))
        (import "xtb1" "health_confirm" (func $confirm (result i32)))
        (import "xtb1" "timer_start" (func $timer (param i64 i64) (result i32)))
        (memory (export "memory") 1)
        (data (i32.const 0) "\(text)")
        (func (export "xtb_init") (result i32)
          (drop (call $log (i32.const 1) (i32.const 0) (i32.const \(text.utf8.count))))
          \(last)
          (i32.const 0))
        (func (export "xtb_event") (param i32 i32 i64 i64) (result i32) \(traps ? "unreachable" : "(i32.const 0)")))
      """)
    return try TestImage(device: harness.device, version: version, wasm: wasm)
  }
}
