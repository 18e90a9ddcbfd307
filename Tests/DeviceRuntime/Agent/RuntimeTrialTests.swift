import Foundation
import Foundations
import OpenSSL
import RuntimeBundle
import RuntimeSlots
import Synchronization
import TestSupport
import Testing
import UpdateCore

@testable import DeviceStorage

/// A new agent's first minutes: the real programs, started by the real launcher.
@Suite(.seated) struct RuntimeTrialTests {
  private let harness: AgentHarness
  private let device: DeviceProcess

  init() async throws {
    harness = try await AgentHarness()
    device = try DeviceProcess(harness)
  }

  /// The programs of this build as a runtime, in the spare slot.
  private func install() throws {
    let agent = Array(try Data(contentsOf: URL(fileURLWithPath: try product(RuntimeManifest.agentName))))
    // No app is started.
    let contents = [
      (name: RuntimeManifest.agentName, bytes: agent), (name: RuntimeManifest.appHostName, bytes: Array("none".utf8)),
    ]
    let key = try Ed25519.PrivateKey()
    let manifest = try RuntimeManifest(
      version: RuntimeVersion("9.0.0")!, minimumVersion: .none, mayReplaceNewer: false,
      architecture: PackagedRuntime.architecture(),
      files: try contents.map { file in
        RuntimeFile(
          name: file.name, sizeBytes: UInt64(file.bytes.count),
          digest: SHA256Digest(finished: try SHA256.digest(of: file.bytes)), isExecutable: true)
      }
    ).signed(by: key)
    var bytes = manifest.encoded()
    for file in contents { bytes += file.bytes }
    let bundle = bytes
    try RuntimeInstallation(
      store: RuntimeStore(directory: device.directory), trusting: [try key.publicKey()],
      architecture: PackagedRuntime.architecture(), packaged: .none
    ).install { offset, count in Array(bundle[min(bundle.count, Int(offset))..<min(bundle.count, Int(offset) + count)])
    }
  }

  private func launch(_ settings: [String: String] = [:]) throws -> ChildProcess {
    try ChildProcess(
      try product("xtblish-device-launcher"), environment: device.environment.merging(settings) { $1 },
      inheritsEnvironment: false)
  }

  private var record: RuntimeRecord {
    get throws { try RuntimeStore(directory: device.directory).record() }
  }

  @Test func anAgentOnTrialConfirmsItselfOnceTheRegistryKnowsWhatItRuns() async throws {
    try install()
    harness.acknowledges.withLock { $0 = false }
    let process = try launch()
    try await harness.waitForReport { _ in true }
    #expect(try record.trial == .a)
    harness.acknowledges.withLock { $0 = true }
    try await eventually("it is confirmed") { try record.active == .a }
    #expect(try record.trial == nil)
    process.kill(SIGTERM)
    #expect(try await process.waitForExit() == .exited(0))
    // It is what is started from now on.
    let again = try launch()
    try await eventually("it runs from its slot") {
      (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(again.processIdentifier)/exe"))?
        .hasSuffix("/runtime/a/xtblish-device") == true
    }
  }

  @Test func anAgentThatDoesNotGetThereEndsAndIsGivenUp() async throws {
    try install()
    harness.acknowledges.withLock { $0 = false }
    for left in [2, 1, 0] as [UInt8] {
      let process = try launch(["XTBLISH_DEVICE_RUNTIME_TRIAL_SECONDS": "1"])
      #expect(try await process.waitForExit() == .exited(1), "\(process.output)")
      #expect(process.output.contains("is on trial and did not get there in 1 s"), "\(process.output)")
      #expect(try record.startsLeft == left)
    }
    let process = try launch()
    try await process.waitForLine(containing: "starting")
    #expect(try record.trial == nil && record.failedVersion == RuntimeVersion("9.0.0"))
    #expect(
      try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process.processIdentifier)/exe")
        == URL(fileURLWithPath: product("xtblish-device")).resolvingSymlinksInPath().path)
  }
}
