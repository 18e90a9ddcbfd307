import TestPeers
import TestSupport
import Testing

@Suite(.seated) struct FakeRegistryTests {
  @Test func itKeepsWhatTheRegistryPromisesToProvisioners() async {
    await expect(RegistryOfDevices(FakeRegistry()), toKeep: RegistryOfDevices.contract)
  }
}
