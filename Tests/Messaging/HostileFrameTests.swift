import Messaging
import SwiftProtobuf
import TestSupport
import Testing
import Wire
import ZeroMQ

/// Frames that no honest program sends, from a bare socket. After each, the server must serve.
@Suite(.seated) struct HostileFrameTests {
  /// A DEALER that sends whatever the test likes.
  private struct Attacker {
    let socket: ZeroMQSocket

    init(_ endpoint: String) throws {
      socket = try ZeroMQSocket(.dealer, in: ZeroMQContext())
      try socket.set(.lingerMilliseconds(0))
      // Room for all that a test sends without reading.
      try socket.set(.sendHighWaterMark(100_000))
      try socket.set(.receiveHighWaterMark(100_000))
      try socket.connect(endpoint)
    }

    func send(_ frames: [UInt8]...) throws {
      for (index, frame) in frames.enumerated() {
        #expect(try socket.send(frame, more: index < frames.count - 1))
      }
    }

    // Looks again and again, because the threads that tests share must not be blocked.
    func next() async throws -> WireEnvelope {
      try await eventuallySome("an answer") { try received() }
    }

    /// The next answer that is not one to a heartbeat.
    func answer() async throws -> WireEnvelope {
      while true {
        let envelope = try await next()
        if envelope.role != .heartbeatReply { return envelope }
      }
    }

    /// Whether the server answers a heartbeat. One may be lost with a connection that the server cut.
    func isAlive() async throws -> Bool {
      try await eventually("a sign of life") {
        _ = try socket.send(Envelope(role: .heartbeat).encoded())
        while let envelope = try received() {
          if envelope.role == .heartbeatReply { return true }
        }
        return false
      }
      return true
    }

    private func received() throws -> WireEnvelope? {
      let message = ZeroMQMessage()
      return try socket.receive(into: message) ? WireEnvelope(serializedBytes: message.bytes) : nil
    }
  }

  private func request(_ change: (inout WireEnvelope) -> Void) throws -> [UInt8] {
    var envelope = WireEnvelope()
    envelope.version = 1
    envelope.role = .request
    envelope.kind = Idempotent.kind
    envelope.correlationID = .init(repeating: 5, count: 16)
    change(&envelope)
    return try envelope.serializedBytes()
  }

  @Test func everyWrongEnvelopeIsAnsweredWithWhatIsWrong() async throws {
    let cases: [(frame: [UInt8], code: WireFailure.Code, reason: String)] = try [
      ([], .unsupported, "unsupported-envelope"),
      ([0xFF], .invalid, "unreadable-envelope"),
      (Array("GET / HTTP/1.1\r\n\r\n".utf8), .invalid, "unreadable-envelope"),
      (request { $0.version = 2 }, .unsupported, "unsupported-envelope"),
      (request { $0.version = 0 }, .unsupported, "unsupported-envelope"),
      (request { $0.role = .UNRECOGNIZED(99) }, .unsupported, "unsupported-envelope"),
      (request { $0.kind = "" }, .unsupported, "unknown-kind"),
      (request { $0.kind = "xtblish.v1.\u{202E}Nothing\u{0}" }, .unsupported, "unknown-kind"),
      (request { $0.kind = String(repeating: "k", count: 100_000) }, .unsupported, "unknown-kind"),
      (request { $0.payload = .init([0xFF, 0xFF]) }, .invalid, "unreadable-request"),
      (request { $0.correlationID = .init(repeating: 1, count: 65) }, .invalid, "long-correlation-id"),
    ]
    try await withServer(router: echoRouter()) { _, endpoint in
      let attacker = try Attacker(endpoint)
      for (frame, code, reason) in cases {
        try attacker.send(frame)
        let answer = try await attacker.answer()
        #expect(answer.role == .failure)
        #expect(answer.failure.code == code)
        #expect(answer.failure.reason == reason)
        #expect(!answer.failure.message.isEmpty && answer.failure.message.utf8.count < 1_000)
        #expect(try await attacker.isAlive())
      }
    }
  }

  @Test func whatIsNoRequestGetsNoAnswer() async throws {
    try await withServer(router: echoRouter()) { _, endpoint in
      let attacker = try Attacker(endpoint)
      for role in [WireEnvelope.Role.response, .failure, .heartbeatReply] {
        try attacker.send(try request { $0.role = role })
      }
      try attacker.send(Envelope(role: .heartbeat).encoded())
      #expect(try await attacker.next().role == .heartbeatReply)
    }
  }

  @Test func aMessageOfSeveralFramesIsAnswered() async throws {
    try await withServer(router: echoRouter()) { _, endpoint in
      let attacker = try Attacker(endpoint)
      try attacker.send([], try request { _ in }, [1])
      #expect(try await attacker.answer().failure.reason == "unreadable-envelope")
      #expect(try await attacker.isAlive())
    }
  }

  @Test func anOddCorrelationIDIsRepeatedAsItCame() async throws {
    try await withServer(router: echoRouter()) { _, endpoint in
      let attacker = try Attacker(endpoint)
      for id in [[], [0], [UInt8](repeating: 9, count: 64)] as [[UInt8]] {
        try attacker.send(try request { $0.correlationID = .init(id) })
        let answer = try await attacker.answer()
        #expect(answer.role == .response)
        #expect(Array(answer.correlationID) == id)
      }
    }
  }

  @Test func aHugeFrameIsCutOffAndOthersAreServed() async throws {
    var limits = RPCServerLimits.standard
    limits.transport.maximumFrameSize = 64 << 10
    try await withServer(limits: limits, router: echoRouter()) { _, endpoint in
      let bystander = try Attacker(endpoint)
      #expect(try await bystander.isAlive())
      let attacker = try Attacker(endpoint)
      try attacker.send([UInt8](repeating: 0x0A, count: 1 << 20))
      #expect(try await attacker.isAlive(), "it may come back")
      #expect(try await bystander.isAlive())
    }
  }

  @Test(arguments: 0..<5) func noFrameIsFatal(seed: Int) async throws {
    try await withServer(router: echoRouter()) { _, endpoint in
      var generator = SeededGenerator(seed: UInt64(seed))
      let attacker = try Attacker(endpoint)
      for _ in 0..<2_000 {
        var frame = generator.bytes(Int.random(in: 0...80, using: &generator))
        if Bool.random(using: &generator) {
          frame = try request { $0.payload = .init(generator.bytes(8)) }
          frame[Int.random(in: 0..<frame.count, using: &generator)] = UInt8(truncatingIfNeeded: generator.next())
        }
        try attacker.send(frame)
      }
      #expect(try await attacker.isAlive())
    }
  }

  /// Bytes that are not even ZeroMQ's protocol.
  @Test func aConnectionThatSpeaksSomethingElseHarmsNobody() async throws {
    let port = try FreePort()
    try await withServer(at: "tcp://127.0.0.1:\(port.number)", router: echoRouter()) { _, endpoint in
      var generator = SeededGenerator(seed: 3)
      for _ in 0..<20 {
        let client = try RawTCPClient(port: port.number)
        try? client.send(generator.bytes(2_000))
        client.reset()
      }
      #expect(try await Attacker(endpoint).isAlive())
    }
  }

  /// A server that answers with garbage, twice, late and for requests that nobody made.
  @Test func aClientSurvivesItsServersNonsense() async throws {
    let network = InMemoryTransport()
    let received = Recorder<PeerFrame>()
    let listener = try await network.listen(on: "nonsense", options: TransportOptions()) { received.record($0) }
    try await withClient(of: ["nonsense"], on: network) { client in
      let answer = Task { try await client.call(Idempotent("x"), deadline: .seconds(30)) }
      let request = try await eventuallySome("the request") {
        received.elements.first { frame in
          frame.frame.flatMap { try? Envelope(decoding: $0) }?.role == .request
        }
      }
      var generator = SeededGenerator(seed: 4)
      for _ in 0..<1_000 { listener.send(generator.bytes(Int.random(in: 0...40, using: &generator)), to: request.peer) }
      var stranger = Envelope(role: .response)
      stranger.correlationID = generator.bytes(16)[...]
      listener.send(stranger.encoded(), to: request.peer)
      var right = try Envelope(decoding: try #require(request.frame))
      right.role = .response
      for _ in 0..<3 { listener.send(right.encoded(), to: request.peer) }
      let answerAnswer = try await answer.value
      #expect(answerAnswer.text == "x")
    }
    await listener.close()
  }
}
