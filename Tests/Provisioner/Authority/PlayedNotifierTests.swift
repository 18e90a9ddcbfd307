import TestPeers
import TestSupport
import Testing

@Suite(.seated) struct PlayedNotifierTests {
  @Test func itKeepsWhatTheNotifierPromisesToTheProvisioner() async {
    await expect(NotifierOfProvisioner(PlayedNotifier()), toKeep: NotifierOfProvisioner.contract)
  }
}
