import TestPeers
import TestSupport
import Testing

@Suite(.seated) struct StubNotifierTests {
  @Test func itKeepsWhatTheNotifierPromisesToTheRegistry() async {
    await expect(NotifierOfRegistry(StubNotifier()), toKeep: NotifierOfRegistry.contract)
  }
}
