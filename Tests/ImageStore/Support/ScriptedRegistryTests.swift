import Authorization
import Foundations
import TestPeers
import TestSupport
import Testing

@Suite(.seated) struct ScriptedRegistryTests {
  @Test func itKeepsWhatTheRegistryPromisesToImageStores() async {
    let registry = ScriptedRegistry()
    let peer = RegistryOfImages(registry) {
      registry.addDevice()
    } makeToken: { scopes in
      let token = "token-\(DeviceID.random())"
      try registry.addToken(token, Set(scopes.compactMap { AccessScope(rawValue: $0) }))
      return token
    }
    await expect(peer, toKeep: RegistryOfImages.contract)
  }

  @Test func itKeepsWhatTheProvisionerPromisesToImageStores() async {
    let registry = ScriptedRegistry()
    let peer = ProvisionerOfImages(registry) {
      let (device, token) = (registry.addDevice(), "token-\(DeviceID.random())")
      try registry.setPollingToken(token, of: device)
      return (device, token)
    }
    await expect(peer, toKeep: ProvisionerOfImages.contract)
  }
}
