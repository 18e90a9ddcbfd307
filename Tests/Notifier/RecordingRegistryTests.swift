import Foundations
import Messaging
import TestPeers
import TestSupport
import Testing

@Suite(.seated) struct RecordingRegistryTests {
  @Test func itKeepsWhatTheRegistryPromisesToNotifiers() async throws {
    let registry = try await RecordingRegistry()
    try await withRPCClient(endpoints: [registry.endpoint], logger: silent) { client in
      let peer = RegistryOfReports(client) {
        DeviceID.random()
      } makeStranger: {
        registry.makeStranger()
      }
      await expect(peer, toKeep: RegistryOfReports.contract)
    }
    await registry.stop()
  }
}
