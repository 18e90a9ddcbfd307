import Foundations
import TestPeers
import TestSupport
import Testing

@Suite(.seated) struct PlayedProvisionerTests {
  @Test func itKeepsWhatTheProvisionerPromisesToTheRegistry() async {
    let provisioner = PlayedProvisioner()
    let peer = ProvisionerOfRegistry(provisioner) {
      let device = DeviceID.random()
      provisioner.enroll(device)
      return device
    }
    await expect(peer, toKeep: ProvisionerOfRegistry.contract)
  }
}
