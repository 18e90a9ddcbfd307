import Glibc
import Messaging
import SwiftProtobuf
import TestSupport
import Testing
import Wire

/// Servers in processes of their own that die, stop and come back.
@Suite(.seated, .serialized) struct ProcessFailureTests {
  private final class Server {
    let endpoint: String
    let name: String
    private(set) var process: ChildProcess

    init(_ endpoint: String, named name: String) async throws {
      self.endpoint = endpoint
      self.name = name
      process = try ChildProcess(product("MessagingTestServer"), [endpoint, name])
      try await process.waitForLine(containing: "listening on")
    }

    func restart() async throws {
      process = try ChildProcess(product("MessagingTestServer"), [endpoint, name])
      try await process.waitForLine(containing: "listening on")
    }
  }

  private func endpoint(_ port: FreePort) -> String { "tcp://127.0.0.1:\(port.number)" }

  @Test func anIdempotentRequestOfAKilledServerIsAnsweredByAnother() async throws {
    let (first, second) = (try FreePort(), try FreePort())
    let victim = try await Server(endpoint(first), named: "victim")
    try await withClient(of: [endpoint(first), endpoint(second)]) { client in
      let answer = Task { try await client.call(Idempotent("hang"), deadline: .seconds(600)) }
      try await victim.process.waitForLine(containing: "got hang")
      // The other one hangs too, so the answer shows where the request went.
      let heir = try await Server(endpoint(second), named: "heir")
      victim.process.kill()
      try await heir.process.waitForLine(containing: "got hang")
      // A request that is not in its way is answered meanwhile.
      try await client.expectAnswer("heir", to: "x")
      answer.cancel()
      _ = try? await answer.value
    }
  }

  @Test func aRequestThatMustNotBeDoneTwiceIsReportedWhenItsServerIsKilled() async throws {
    let (first, second) = (try FreePort(), try FreePort())
    let victim = try await Server(endpoint(first), named: "victim")
    try await withClient(of: [endpoint(first), endpoint(second)]) { client in
      let answer = Task { try await client.call(Once("hang"), deadline: .seconds(600)) }
      try await victim.process.waitForLine(containing: "got hang")
      let other = try await Server(endpoint(second), named: "other")
      #expect(try await client.ask("x").isEmpty == false)
      let killed = ContinuousClock.now
      victim.process.kill()
      let failure = await #expect(throws: WireFailure.self) { try await answer.value.value }
      #expect(failure?.code == .unavailable && failure?.reason == "connection-lost")
      // The loss was noticed, not the deadline waited for.
      #expect(ContinuousClock.now - killed < .seconds(300))
      #expect(!other.process.output.contains("got hang"))
    }
  }

  @Test func aStoppedServerIsNoticedLongBeforeTheDeadlineAndUsedAgainAfterwards() async throws {
    let (first, second) = (try FreePort(), try FreePort())
    let sleeper = try await Server(endpoint(first), named: "sleeper")
    try await withClient(of: [endpoint(first), endpoint(second)], options: .standard) { client in
      let hanging = Task { try await client.call(Once("hang"), deadline: .seconds(600)) }
      try await sleeper.process.waitForLine(containing: "got hang")
      let other = try await Server(endpoint(second), named: "other")
      sleeper.process.kill(SIGSTOP)
      let stopped = ContinuousClock.now
      let failure = await #expect(throws: WireFailure.self) { try await hanging.value }
      #expect(failure?.reason == "connection-lost")
      #expect(ContinuousClock.now - stopped < .seconds(300))
      // Everything goes to the other now.
      for _ in 0..<10 { try await client.expectAnswer("other", to: "x", deadline: .seconds(10)) }
      sleeper.process.kill(SIGCONT)
      try await eventually("the sleeper is asked again") {
        try await client.ask("x", deadline: .seconds(10)) == "sleeper"
      }
      _ = other
    }
  }

  @Test func aRestartedServerIsFoundAgainAtOnce() async throws {
    let port = try FreePort()
    let server = try await Server(endpoint(port), named: "phoenix")
    try await withClient(of: [endpoint(port)]) { client in
      for _ in 0..<3 {
        try await client.expectAnswer("phoenix", to: "x")
        server.process.kill()
        try await server.process.waitForExit()
        let waiting = Task { try await client.call(Idempotent("waits"), deadline: .seconds(600)) }
        try await server.restart()
        let back = ContinuousClock.now
        let waitingAnswer = try await waiting.value
        #expect(waitingAnswer.text == "phoenix")
        #expect(ContinuousClock.now - back < .seconds(300))
      }
    }
  }

  @Test func requestsKeepFlowingWhileOneOfTwoServersDies() async throws {
    let (first, second) = (try FreePort(), try FreePort())
    let victim = try await Server(endpoint(first), named: "victim")
    let heir = try await Server(endpoint(second), named: "heir")
    try await withClient(of: [endpoint(first), endpoint(second)]) { client in
      let names = Recorder<String>()
      try await withThrowingTaskGroup(of: Void.self) { group in
        for _ in 0..<16 {
          group.addTask {
            for _ in 0..<200 {
              names.record([try await client.ask("x", deadline: .seconds(600))])
            }
          }
        }
        group.addTask { [process = victim.process] in
          _ = try await names.wait(for: 400)
          process.kill()
        }
        try await group.waitForAll()
      }
      #expect(names.elements.count == 16 * 200)
      #expect(Set(names.elements) == ["victim", "heir"])
      _ = heir
    }
  }

  @Test func aSocketFileLeftBehindIsReplacedAndALiveOneIsNot() async throws {
    let folder = try TemporaryFolder()
    let endpoint = "ipc://\(folder.path("agent.ipc"))"
    let server = try await Server(endpoint, named: "first")
    let intruder = try ChildProcess(product("MessagingTestServer"), [endpoint, "intruder"])
    let ending = try await intruder.waitForExit()
    #expect(ending != .exited(0))
    #expect(intruder.output.contains("another process listens on \(endpoint)"))
    try await withClient(of: [endpoint]) { client in
      try await client.expectAnswer("first", to: "x")
      server.process.kill()
      try await server.process.waitForExit()
      #expect(access(folder.path("agent.ipc"), F_OK) == 0, "the file is left behind")
      try await server.restart()
      try await client.expectAnswer("first", to: "x")
    }
  }

  @Test func aServerToldToEndDoesSoWithAnswersGiven() async throws {
    let port = try FreePort()
    let server = try await Server(endpoint(port), named: "polite")
    try await withClient(of: [endpoint(port)]) { client in
      try await client.expectAnswer("polite", to: "x")
    }
    server.process.kill(SIGTERM)
    #expect(try await server.process.waitForExit() == .exited(0))
  }
}
