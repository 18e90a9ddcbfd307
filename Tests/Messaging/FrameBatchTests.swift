import TestSupport
import Testing
import Wire
import ZeroMQ

@testable import Messaging

/// Several frames in one message, with peers that read that and with others.
@Suite(.seated) struct FrameBatchTests {
  private func split(_ message: [UInt8]) -> (frames: [[UInt8]], isWhole: Bool) {
    var frames: [[UInt8]] = []
    let isWhole = message.withUnsafeBytes { FrameBatch.split($0) { frames.append($0) } }
    return (frames, isWhole)
  }

  @Test(arguments: 0..<10) func framesComeOutAsTheyWentIn(seed: Int) {
    var generator = SeededGenerator(seed: UInt64(seed))
    var batch = FrameBatch()
    for _ in 0..<3 {
      var frames: [[UInt8]] = []
      while frames.count < 200 {
        let frame = generator.bytes(Int.random(in: 0...600, using: &generator))
        guard batch.hasRoom(for: frame) else { break }
        batch.append(frame)
        frames.append(frame)
      }
      #expect(batch.count == frames.count && batch.message.count <= FrameBatch.byteLimit)
      let (taken, isWhole) = split(batch.message)
      #expect(isWhole && taken == frames)
      batch.clear()
    }
  }

  @Test func aBatchThatIsCutShortIsNoticed() {
    var batch = FrameBatch()
    batch.append([1, 2, 3])
    batch.append([UInt8](repeating: 4, count: 200))
    let whole = [FrameBatch.question.count, FrameBatch.question.count + 4]
    for length in FrameBatch.question.count..<batch.message.count where !whole.contains(length) {
      let (frames, isWhole) = split(Array(batch.message[..<length]))
      #expect(!isWhole && frames.allSatisfy { $0 == [1, 2, 3] })
    }
    #expect(!split(FrameBatch.question + [UInt8](repeating: 0xFF, count: 12)).isWhole)
  }

  @Test func whoSendsBatchesIsAnsweredInBatches() async throws {
    try await withServer(router: echoRouter()) { _, endpoint in
      let peer = try ZeroMQSocket(.dealer, in: ZeroMQContext())
      try peer.set(.lingerMilliseconds(0))
      try peer.connect(endpoint)
      _ = try peer.send(FrameBatch.question)
      #expect(try await peer.nextMessage() == FrameBatch.question)
      var batch = FrameBatch()
      for _ in 0..<3 { batch.append(Envelope.heartbeatFrame) }
      _ = try peer.send(batch.message)
      let (frames, isWhole) = split(try await peer.nextMessage())
      #expect(isWhole && frames == [[UInt8]](repeating: Envelope.heartbeatReplyFrame, count: 3))
    }
  }

  @Test func aBatchThatIsCutShortIsAnswered() async throws {
    try await withServer(router: echoRouter()) { _, endpoint in
      let peer = try ZeroMQSocket(.dealer, in: ZeroMQContext())
      try peer.set(.lingerMilliseconds(0))
      try peer.connect(endpoint)
      _ = try peer.send(FrameBatch.question + [9, 9])
      let (frames, isWhole) = split(try await peer.nextMessage())
      #expect(isWhole && frames.count == 1)
      #expect(try Envelope(decoding: frames.first ?? []).failure?.reason == "unreadable-envelope")
    }
  }

  @Test func aServerOfShortFramesIsSentNone() async throws {
    var limits = RPCServerLimits.standard
    limits.transport.maximumFrameSize = 10_000
    try await withServer(limits: limits, router: echoRouter()) { _, endpoint in
      let peer = try ZeroMQSocket(.dealer, in: ZeroMQContext())
      try peer.set(.lingerMilliseconds(0))
      try peer.connect(endpoint)
      _ = try peer.send(FrameBatch.question)
      _ = try peer.send(Envelope.heartbeatFrame)
      #expect(try await peer.nextMessage() == Envelope.heartbeatReplyFrame)
      // A client's many small frames, that together are longer, all arrive.
      try await withClient(of: [endpoint]) { client in
        try await withThrowingTaskGroup(of: Void.self) { group in
          for number in 0..<300 {
            group.addTask { try await client.expectAnswer("\(number)", to: "\(number)") }
          }
          try await group.waitForAll()
        }
      }
    }
  }

  /// A server in another language answers the question with something else, or not at all.
  @Test func aServerThatKnowsNoBatchesGetsOneFrameAMessage() async throws {
    let server = try ZeroMQSocket(.router, in: ZeroMQContext())
    try server.set(.lingerMilliseconds(0))
    try server.bind("tcp://127.0.0.1:*")
    let endpoint = try server.lastEndpoint()
    let events = Recorder<DialerEvent>()
    let dialer = try await ZeroMQTransport().makeDialer(options: TransportOptions()) { events.record($0) }
    dialer.connect(ConnectionID(1), to: endpoint)
    try await events.waitForOpen(ConnectionID(1))
    for number in 1...20 { dialer.send([UInt8(number)], on: ConnectionID(1), token: 0) }
    #expect(try await server.nextMessage(afterIdentity: true) == FrameBatch.question)
    for number in 1...20 { #expect(try await server.nextMessage(afterIdentity: true) == [UInt8(number)]) }
    await dialer.close()
  }
}

extension ZeroMQSocket {
  /// Looks again and again, because the threads that tests share must not be blocked.
  fileprivate func nextMessage(afterIdentity: Bool = false) async throws -> [UInt8] {
    let message = ZeroMQMessage()
    return try await eventuallySome("a message") {
      guard try receive(into: message) else { return nil }
      if afterIdentity { guard try receive(into: message) else { return nil } }
      return message.bytes
    }
  }
}
