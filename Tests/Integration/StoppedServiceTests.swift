import Messaging
import TestPeers
import TestSupport
import Testing
import Wire

extension IntegrationTests {
  /// What players that are away answer is what a service that was stopped makes its callers hear.
  @Suite(.seated) struct StoppedServiceTests {
    @Test func callersOfAStoppedServiceHearThatThereIsNoServer() async throws {
      try await withInstallation(.registry) { installation in
        try await installation.withClient(of: .registry) { registry in
          _ = try await registry.call(WireListDirectorKeys())
          try await installation.stop(.registry)
          let failure = await #expect(throws: WireFailure.self) {
            try await registry.call(WireListDirectorKeys(), deadline: .milliseconds(500))
          }
          #expect(failure?.code == WireFailure.stoppedService.code)
          #expect(failure?.reason == WireFailure.stoppedService.reason)
        }
      }
    }
  }
}
