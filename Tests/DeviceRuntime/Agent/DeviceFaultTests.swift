import DeviceProtocol
import FirmwareImage
import Foundation
import TestSupport
import Testing

/// The device's real program with errors injected into its system calls: whatever passes leaves no mark.
@Suite(.seated, .serialized) struct DeviceFaultTests {
  struct Fault: Sendable, CustomTestStringConvertible {
    var call: String
    var error: String
    /// Of each thread's calls: the first one that fails, and then every so many.
    var first: Int
    var every: Int

    var testDescription: String { "\(call) \(error) \(first)+\(every)" }
    var injection: String { "inject=\(call):error=\(error):when=\(first)+\(every)" }
  }

  /// The first call of a thread to `unlink` may be one that makes room for a socket, which is not the flash's.
  static let faults: [Fault] =
    ["EIO", "ENOSPC"].flatMap { error in
      [(1, 5), (2, 3), (7, 4)].map { Fault(call: "pwrite64", error: error, first: $0.0, every: $0.1) }
    }
    + ["fdatasync", "fsync"].flatMap { call in
      [(1, 2), (2, 3)].map { Fault(call: call, error: "EIO", first: $0.0, every: $0.1) }
    }
    // A download renames two files a round, so an error in every second call would meet the same one for ever.
    + [(1, 5), (2, 7)].map { Fault(call: "rename", error: "EIO", first: $0.0, every: $0.1) }
    + [Fault(call: "unlink", error: "EIO", first: 2, every: 3)]

  @Test func errorsOfTheFlashThatPassCondemnNoVersion() async throws {
    let harness = try await AgentHarness()
    let device = try DeviceProcess(harness)
    var version: UInt64 = 1
    let first = try await device.image(version)
    harness.offer(first.bytes, as: version)
    var process = try device.start()
    try await harness.reconcile(first)
    try await harness.waitForReport { $0.version == 1 && $0.status == "confirmed" }
    try await process.stop()
    for fault in Self.faults {
      version += 1
      let image = try await device.image(version)
      harness.offer(image.bytes, as: version)
      process = try device.start(tracing: ["-e", "trace=\(fault.call)", "-e", fault.injection])
      let last = harness.reports.map(\.sequence).max() ?? 0
      do {
        // An agent that can't even begin ends with an error; whoever supervises it starts it again.
        try await eventually("a report under \(fault)") {
          if !process.isRunning {
            process = try device.start(tracing: ["-e", "trace=\(fault.call)", "-e", fault.injection])
          }
          return harness.reports.contains { $0.sequence > last }
        }
        try await harness.reconcile(image)
        try await harness.waitForReport(after: last) { $0.version == version && $0.status == "confirmed" }
      } catch {
        throw TestFailure("under \(fault): \(error)\n\(process.output.suffix(3000))")
      }
      #expect(harness.reports.allSatisfy { $0.failed == nil }, "\(fault)")
      // strace does not end by SIGTERM while the agent goes on; the agent is killed with it.
      process.kill()
      try await process.waitForExit()
    }
  }
}
