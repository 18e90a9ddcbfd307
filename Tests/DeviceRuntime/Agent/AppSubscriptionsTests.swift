import AppLink
import Mosquitto
import TestSupport
import Testing
import Wire

@testable import Agent
@testable import Foundations

/// What apps subscribe to, at a real broker.
@Suite(.seated, .timeLimit(.minutes(10))) struct AppSubscriptionsTests {
  private func runningApp(_ version: UInt64, _ harness: AgentHarness) async throws -> FakeApp {
    try await eventuallySome("app \(version)") { harness.launcher.app(version) }
  }

  private func payloads(_ app: FakeApp) -> [String] {
    app.delivered.compactMap { delivery in
      if case .message(let handles, let topic, let payload) = delivery {
        "\(handles.sorted()) \(topic) \(String(decoding: payload, as: UTF8.self))"
      } else {
        nil
      }
    }
  }

  /// Sends until the app has it, as a subscription may just be on its way.
  private func send(_ text: String, _ topic: String, _ harness: AgentHarness) async throws {
    try await harness.send(text, to: "/apps/\(harness.device)/\(topic)")
  }

  @Test func aMessageComesOnceWithAllItsHandles() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      let app = try await runningApp(1, harness)
      app.send(.subscribe(handle: 1, filter: "a/+"))
      app.send(.subscribe(handle: 2, filter: "#"))
      try await eventually { app.delivered.count == 2 }
      #expect(Set(app.delivered.map { "\($0)" }).count == 2)
      try await send("x", "a/b", harness)
      try await send("y", "c", harness)
      try await eventually { Set(self.payloads(app)).isSuperset(of: ["[1, 2] a/b x", "[2] c y"]) }
      app.send(.unsubscribe(handle: 2))
      app.send(.subscribe(handle: 3, filter: "end"))
      try await eventually { app.delivered.contains(.subscribed(handle: 3, reasonCode: 1)) }
      try await send("z", "c", harness)
      try await send("last", "end", harness)
      try await eventually { self.payloads(app).contains("[3] end last") }
      #expect(!payloads(app).contains { $0.contains("z") })
    }
  }

  /// To Swift a combining mark makes one character with the slash before it.
  @Test func aTopicThatBeginsWithACombiningMarkArrives() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      let app = try await runningApp(1, harness)
      app.send(.subscribe(handle: 1, filter: "\u{301}a"))
      try await eventually { app.delivered.contains(.subscribed(handle: 1, reasonCode: 1)) }
      try await send("x", "\u{301}a", harness)
      try await eventually { self.payloads(app) == ["[1] \u{301}a x"] }
    }
  }

  @Test func aFilterThatIsNoneIsRefused() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      let app = try await runningApp(1, harness)
      app.send(.subscribe(handle: 1, filter: "a#"))
      app.send(.subscribe(handle: 2, filter: "/firmware"))
      try await eventually { app.delivered.count == 2 }
      #expect(app.delivered.contains(.subscribed(handle: 1, reasonCode: 0x8F)))
      #expect(app.delivered.contains(.subscribed(handle: 2, reasonCode: 0x8F)))
    }
  }

  @Test func whatBothAppsWantGoesOnThroughASwitch() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { _ in
      try await harness.deploy(1)
      let first = try await runningApp(1, harness)
      first.send(.subscribe(handle: 1, filter: "kept"))
      first.send(.subscribe(handle: 2, filter: "dropped"))
      try await eventually { first.delivered.count == 2 }
      harness.launcher.set(.silent, for: 2)
      let image = try harness.offer(2)
      try await harness.notify(image)
      let second = try await runningApp(2, harness)
      second.send(.subscribe(handle: 1, filter: "kept"))
      try await eventually { second.delivered.contains(.subscribed(handle: 1, reasonCode: 1)) }
      first.end(.stopped)
      try await eventually { harness.launcher.running == [2] }
      second.send(.subscribe(handle: 2, filter: "end"))
      try await eventually { second.delivered.contains(.subscribed(handle: 2, reasonCode: 1)) }
      try await send("x", "dropped", harness)
      try await send("y", "kept", harness)
      try await send("z", "end", harness)
      try await eventually { self.payloads(second).contains("[2] end z") }
      #expect(payloads(second).contains("[1] kept y"))
      #expect(!payloads(second).contains { $0.contains("dropped") })
    }
  }

  @Test func subscriptionsAreThereAfterTheBrokerForgotThem() async throws {
    let harness = try await AgentHarness()
    try await harness.withAgent { agent in
      try await harness.deploy(1)
      let app = try await runningApp(1, harness)
      app.send(.subscribe(handle: 1, filter: "a"))
      try await eventually { app.delivered.count == 1 }
      try await harness.broker.stop()
      try await harness.broker.start()
      try await eventually { await agent.status().connected }
      // The broker has no session: the subscription is made again, and until then messages are lost.
      try await eventually("a message") {
        try? await send("x", "a", harness)
        return payloads(app).contains("[1] a x")
      }
    }
  }
}
