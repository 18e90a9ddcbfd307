import FoundationEssentials
import Messaging
import RegistryClient
import SwiftProtobuf
import Synchronization
import TestSupport
import Testing
import Wire

/// Who listens to an app while Notifiers come and go.
@Suite(.seated) struct AppFollowerTests {
  /// A Notifier that answers as the test says.
  private final class PlayedNotifier: RPCCaller {
    private let outcomes: Mutex<[Result<WireListenToAppResponse, WireFailure>]>

    init(_ outcomes: Result<WireListenToAppResponse, WireFailure>...) { self.outcomes = Mutex(outcomes) }

    func call<R: WireRequest>(
      _ request: R, deadline: Duration, traceParent: String?
    ) async throws(WireFailure) -> R.Response {
      let outcome = outcomes.withLock { $0.isEmpty ? nil : $0.removeFirst() }
      guard let outcome, let answer = try outcome.get() as? R.Response else {
        throw WireFailure(.internal, reason: "asked-too-often", message: "the test has no further answer")
      }
      return answer
    }
  }

  private func follower(_ notifier: PlayedNotifier) -> AppFollower {
    AppFollower(notifier: notifier, device: Data(count: 16), filter: "#", deadline: .seconds(1))
  }

  private static let begun = WireListenToAppResponse.with { $0.begun = true }

  @Test(arguments: ["connection-lost", "shutting-down"])
  func aNotifierThatIsExchangedIsListenedToAgain(reason: String) async throws {
    let ended = WireFailure(.unavailable, reason: reason, message: "it ended")
    var follower = follower(PlayedNotifier(.success(Self.begun), .failure(ended), .success(Self.begun)))
    let first = try await follower.next()
    let second = try await follower.next()
    #expect(!first.hasGap && second.hasGap)
  }

  @Test func aNotifierThatEndsOverEachQuestionIsGivenUp() async throws {
    let ended = Result<WireListenToAppResponse, WireFailure>.failure(
      WireFailure(.unavailable, reason: "connection-lost", message: "it ended"))
    var follower = follower(PlayedNotifier(.success(Self.begun), ended, ended, ended, ended, ended))
    _ = try await follower.next()
    let failure = await #expect(throws: WireFailure.self) { try await follower.next() }
    #expect(failure?.reason == "connection-lost")
  }

  @Test func anotherFailureIsTheAnswerAtOnce() async throws {
    let denied = WireFailure(.permissionDenied, reason: "broker-refused", message: "no")
    var follower = follower(PlayedNotifier(.success(Self.begun), .failure(denied), .success(Self.begun)))
    _ = try await follower.next()
    let failure = await #expect(throws: WireFailure.self) { try await follower.next() }
    #expect(failure?.reason == "broker-refused")
  }
}
