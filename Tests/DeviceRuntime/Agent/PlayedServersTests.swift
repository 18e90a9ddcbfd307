import Synchronization
import TestPeers
import TestSupport
import Testing

/// `AgentHarness` and `PlayedDiagnostics`, which play the servers of devices.
@Suite(.seated, .timeLimit(.minutes(10))) struct PlayedServersTests {
  @Test func theyKeepWhatNotifierAndRegistryPromiseToDevices() async throws {
    let played = Mutex<[(AgentHarness, PlayedDiagnostics)]>([])
    let peer = ServersOfDevices {
      let harness = try await AgentHarness()
      harness.tracksPositions.withLock { $0 = true }
      let diagnostics = try await PlayedDiagnostics(harness)
      played.withLock { $0.append((harness, diagnostics)) }
      return (harness.device, harness.broker)
    }
    await expect(peer, toKeep: ServersOfDevices.contract)
  }
}
