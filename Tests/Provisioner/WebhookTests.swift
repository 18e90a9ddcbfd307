import Foundation
import Foundations
import OpenSSL
import Synchronization
import TestSupport
import Testing

@testable import DeviceEnrolment
@testable import ProvisionerDomain
@testable import ProvisionerStorage

/// An operator's system that may veto.
@Suite(.seated) struct WebhookTests {
  private static let secret = Array("between us".utf8)

  /// Enrols one device that the webhook is asked about.
  private func outcome(
    _ answer: @escaping ScriptedHTTPServer.Handler,
    _ check: (Stage, RequestFailure?, ScriptedHTTPServer) async throws -> Void
  ) async throws {
    let server = try ScriptedHTTPServer(answer)
    defer { server.stop() }
    try await withStage(webhook: (server.url + "/ask", Self.secret)) { stage in
      let (id, token) = try await stage.makeClaim(count: 1, group: "north")
      let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1") }
      if failure != nil { #expect(try await stage.claims.claim(id).used == 0) }
      try await check(stage, failure, server)
    }
  }

  private static func respond(
    _ status: Int, _ body: String, type: String = "application/json"
  ) -> ScriptedHTTPServer.Handler {
    { _, connection in
      connection.respond(status, headers: ["Content-Type: \(type)"], body: Array(body.utf8))
    }
  }

  @Test func isToldWhoAsksAndSignsNothingAway() async throws {
    try await outcome(Self.respond(200, #"{"allow": true}"#)) { stage, failure, server in
      #expect(failure == nil)
      let request = try #require(server.requests.first)
      #expect(request.method == "POST" && request.path == "/ask")
      let question = try JSONDecoder().decode(EnrolmentWebhook.Question.self, from: Data(request.body))
      #expect(question.serial == "SN-1" && question.product == "sensor" && question.group == "north")
      let id = try #require(try await stage.claims.list(after: nil, limit: 10).claims.first).id
      let claim = try #require(question.claim)
      #expect(try ClaimID(claim) == id)
      let code = try authenticationCode(of: request.body, secret: Self.secret)
      #expect(request.headers["x-xtblish-signature"] == "sha256=\(Hexadecimal.encode(code))")
      #expect(!String(decoding: request.body, as: UTF8.self).contains("xtc_"))
    }
  }

  @Test func itsVetoRefusesTheDeviceForItsReasonWithoutControlCharacters() async throws {
    try await outcome(Self.respond(200, #"{"allow": false, "reason": "stolen\u0007\u000a"}"#)) { _, failure, _ in
      #expect(failure?.code == .permissionDenied)
      #expect(failure?.reason == "enrolment-vetoed")
      #expect(failure?.message.hasSuffix(": stolen") == true)
    }
  }

  @Test(arguments: [
    (500, #"{"allow": true}"#, "application/json"), (404, #"{"allow": true}"#, "application/json"),
    (302, #"{"allow": true}"#, "application/json"), (200, #"{"allow": true}"#, "text/html"),
    (200, #"{"allow": true}"#, ""), (200, "<html>", "application/json"), (200, "", "application/json"),
    (200, #"{"allow": "true"}"#, "application/json"), (200, #"{"allow": 1}"#, "application/json"),
    (200, "{}", "application/json"), (200, "true", "application/json"),
    (200, #"{"allow": true, "reason": ""# + String(repeating: "x", count: 20_000) + #""}"#, "application/json"),
  ])
  func anythingButAClearAnswerLetsNobodyIn(_ status: Int, _ body: String, _ type: String) async throws {
    try await outcome(Self.respond(status, body, type: type)) { stage, failure, _ in
      #expect(failure?.code == .unavailable)
      #expect(failure?.reason == "webhook-unavailable")
      #expect(stage.registry.callCount == 0)
    }
  }

  @Test func oneThatNeverAnswersHoldsADeviceUpForSomeSecondsOnly() async throws {
    // From the question on: databases and programs that other tests start meanwhile are not its doing.
    let held = Mutex(Duration.zero)
    let handler: ScriptedHTTPServer.Handler = { _, connection in
      let start = ContinuousClock.now
      connection.waitForClose()
      held.withLock { $0 = ContinuousClock.now - start }
    }
    try await outcome(handler) { _, failure, _ in
      #expect(failure?.reason == "webhook-unavailable")
      #expect((failure?.retryAfterMilliseconds ?? 0) > 0)
      try await eventually("the question is given up") { held.withLock { $0 > .zero } }
      #expect(held.withLock { $0 } < .seconds(30))
    }
  }

  @Test func oneThatIsDownLetsNobodyIn() async throws {
    let port = try FreePort()
    try await withStage(webhook: ("http://127.0.0.1:\(port.number)/", nil)) { stage in
      let (_, token) = try await stage.makeClaim()
      let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-1") }
      #expect(failure?.reason == "webhook-unavailable")
    }
  }

  @Test func isNotAskedAboutThoseWhomNoClaimLetsIn() async throws {
    try await outcome(Self.respond(200, #"{"allow": true}"#)) { stage, _, server in
      let asked = server.requests.count
      let (id, token) = try await stage.makeClaim()
      _ = try await stage.claims.revoke(id)
      for token in ["xtc_unknown", token] {
        let failure = await requestFailure { _ = try await stage.enroll(token: token, serial: "SN-2") }
        #expect(failure?.reason == "claim-refused")
      }
      #expect(server.requests.count == asked)
    }
  }
}
