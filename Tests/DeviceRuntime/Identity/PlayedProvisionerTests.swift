import TestPeers
import TestSupport
import Testing

@Suite(.seated, .timeLimit(.minutes(10))) struct PlayedProvisionerTests {
  @Test func itKeepsWhatTheProvisionerPromisesToDevices() async throws {
    let provisioner = try await PlayedProvisioner.make()
    let peer = ProvisionerOfDevices(provisioner.url, caFile: provisioner.caFile) { try provisioner.claim() }
    await expect(peer, toKeep: ProvisionerOfDevices.contract)
  }
}
