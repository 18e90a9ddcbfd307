import FoundationEssentials
import Foundations
import Messaging
import TestSupport
import Testing
import Wire

@testable import RegistryAuthority
@testable import RegistryBus
@testable import RegistryDomain
@testable import RegistryStorage

/// Answers nothing, for one reason.
private struct FailingNotifier: RPCCaller {
  let reason: String

  func call<R: WireRequest>(
    _ request: R, deadline: Duration, traceParent: String?
  ) async throws(WireFailure) -> R.Response {
    throw WireFailure(.unavailable, reason: reason, message: "there is no answer from tcp://127.0.0.1:7132")
  }
}

/// A message for an app that the Notifier does not take.
@Suite(.seated) struct SendToAppTests {
  /// What a command is told, over real ZeroMQ.
  private func answer(_ reason: String) async throws -> WireFailure? {
    let fixture = try await Fixture.make()
    var request = WireSendToApp()
    request.deviceID = Data(try await fixture.device().bytes)
    request.topic = "set/target"
    let send = request
    var router = RPCRouter()
    RegistryRPC(
      store: fixture.store, authority: RequestAuthority(store: fixture.store, logger: .quiet),
      notifier: FailingNotifier(reason: reason), logger: .quiet
    ).addHandlers(to: &router)
    let server = RPCServer(name: "registry", listening: "tcp://127.0.0.1:0", router: router, logger: .quiet)
    return try await running([server]) {
      let endpoint = try await server.boundAddress()
      return try await withRPCClient(endpoints: [endpoint], logger: .quiet) { client in
        await #expect(throws: WireFailure.self) { try await client.call(send) }
      }
    }
  }

  /// The client's own word would have the command say that no Registry is there.
  @Test func anAbsentNotifierIsNotTakenForAnAbsentRegistry() async throws {
    let failure = try #require(try await answer(WireFailure.noServerReason))
    #expect(failure.code == .unavailable && failure.reason == "notifier-unavailable")
    #expect(failure.message.contains("no Notifier") && failure.message.contains("notifier.endpoints"))
    #expect(failure.message.contains("tcp://127.0.0.1:7132"))
  }

  @Test func whatTheNotifierSaysIsHandedOn() async throws {
    #expect(try await answer("broker-unavailable")?.reason == "broker-unavailable")
  }
}
