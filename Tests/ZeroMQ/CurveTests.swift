import Glibc
import TestSupport
import Testing

@testable import ZeroMQ

/// CURVE and its authenticator, on sockets.
@Suite(.seated, .timeLimit(.minutes(10))) struct CurveTests {
  private let context = try! ZeroMQContext()

  /// A ROUTER that lets one key in.
  private struct Server {
    let keys: CurveKeyPair
    let authenticator: ZeroMQAuthenticator
    let router: ZeroMQSocket
    let endpoint: String

    init(in context: ZeroMQContext) throws {
      keys = try CurveKeyPair.generate()
      authenticator = try ZeroMQAuthenticator(in: context)
      router = try ZeroMQSocket(.router, in: context)
      try router.serveCurve(keys, authenticator)
      try router.bind("tcp://127.0.0.1:*")
      endpoint = try router.lastEndpoint()
    }

    /// Answers handshakes until `condition` is true.
    func serve(letting key: CurvePublicKey?, until condition: () throws -> Bool) throws {
      var poller = ZeroMQPoller()
      poller.add(authenticator.socket)
      poller.add(router)
      for _ in 0..<2_000 {
        try authenticator.answer { candidate, _ in candidate == key }
        if try condition() { return }
        _ = try poller.wait(timeoutMilliseconds: 10)
      }
      throw TestFailure("it did not happen")
    }
  }

  private struct Client {
    let keys: CurveKeyPair
    let socket: ZeroMQSocket
    let monitor: ZeroMQMonitor

    init(to server: CurvePublicKey, at endpoint: String, named name: String, in context: ZeroMQContext? = nil) throws {
      keys = try CurveKeyPair.generate()
      socket = try ZeroMQSocket(.dealer, in: context ?? ZeroMQContext())
      try socket.set(.reconnectIntervalMilliseconds(1))
      try socket.useCurve(keys, server: server)
      try socket.set(.lingerMilliseconds(0))
      monitor = try ZeroMQMonitor(of: socket, named: name)
      try socket.connect(endpoint)
    }
  }

  @Test func keysComeBackFromTheirTexts() throws {
    let keys = try CurveKeyPair.generate()
    #expect(CurveKeyPair(secretText: keys.secretText)?.publicKey == keys.publicKey)
    #expect(CurvePublicKey(keys.publicKey.text) == keys.publicKey)
    for text in [
      "", "short", keys.publicKey.text + "x", String(repeating: "~", count: 40), String(repeating: "é", count: 20),
    ] {
      #expect(CurvePublicKey(text) == nil, "\(text)")
      #expect(CurveKeyPair(secretText: text) == nil, "\(text)")
    }
  }

  @Test func aMessageSaysWhoseItIs() throws {
    let server = try Server(in: context)
    let client = try Client(to: server.keys.publicKey, at: server.endpoint, named: "a")
    #expect(try client.socket.send([7]))
    let identity = ZeroMQMessage()
    let body = ZeroMQMessage()
    try server.serve(letting: client.keys.publicKey) { try server.router.receive(into: identity) }
    #expect(try server.router.receive(into: body))
    #expect(body.bytes == [7])
    let sender = body.sender
    #expect(sender == client.keys.publicKey)
    let (isClients, isServers) = (body.isFrom(client.keys.publicKey), body.isFrom(server.keys.publicKey))
    #expect(isClients && !isServers)
  }

  @Test func aRefusedClientIsToldSoAndItsMessageIsNotHeard() throws {
    let server = try Server(in: context)
    let client = try Client(to: server.keys.publicKey, at: server.endpoint, named: "b")
    #expect(try client.socket.send([7]))
    var events: [ZeroMQMonitor.Event] = []
    try server.serve(letting: nil) {
      if let event = try client.monitor.next() { events.append(event) }
      return events.contains(.refused)
    }
    #expect(!events.contains(.connected))
    let heard = try server.router.receive(into: ZeroMQMessage())
    #expect(!heard)
  }

  @Test func aServerWithAnotherKeyIsNoticed() throws {
    let server = try Server(in: context)
    let client = try Client(to: try CurveKeyPair.generate().publicKey, at: server.endpoint, named: "c")
    var events: [ZeroMQMonitor.Event] = []
    try server.serve(letting: client.keys.publicKey) {
      if let event = try client.monitor.next() { events.append(event) }
      return events.contains(.handshakeFailed)
    }
    #expect(!events.contains(.connected))
  }

  @Test func clientsThatGiveUpInTheirHandshakesHoldUpNoOtherOfTheirContext() throws {
    let server = try Server(in: context)
    let shared = try ZeroMQContext()
    let other = try CurveKeyPair.generate().publicKey
    for number in 0..<100 {
      let client = try Client(to: other, at: server.endpoint, named: "\(number)", in: shared)
      try server.serve(letting: nil) { try client.monitor.next() != nil }
    }
    let client = try Client(to: server.keys.publicKey, at: server.endpoint, named: "last", in: shared)
    try server.serve(letting: client.keys.publicKey) { try client.monitor.next() == .connected }
  }

  @Test func aPlainClientIsTurnedAway() throws {
    let server = try Server(in: context)
    let plain = try ZeroMQSocket(.dealer, in: ZeroMQContext())
    try plain.set(.lingerMilliseconds(0))
    let monitor = try ZeroMQMonitor(of: plain, named: "d")
    try plain.connect(server.endpoint)
    #expect(try plain.send([7]))
    var events: [ZeroMQMonitor.Event] = []
    try server.serve(letting: nil) {
      if let event = try monitor.next() { events.append(event) }
      return events.contains(.incompatible) || events.contains(.handshakeFailed)
    }
    #expect(!events.contains(.connected))
    let heard = try server.router.receive(into: ZeroMQMessage())
    #expect(!heard)
  }

  /// Anybody in the process can send to the authenticator's address.
  @Test func malformedRequestsDoNotDisturbTheAuthenticator() throws {
    let server = try Server(in: context)
    let forger = try ZeroMQSocket(.dealer, in: context)
    try forger.set(.lingerMilliseconds(0))
    try forger.connect("inproc://zeromq.zap.01")
    let wrong: [[[UInt8]]] = [
      [[]], [[1]], [[], []], [[], [1, 2, 3]], [[], Array("2.0".utf8), [1], [], [], [], Array("CURVE".utf8), [1]],
      [[], Array("1.0".utf8), [1], [], [], [], Array("CURVE".utf8), [1, 2, 3]],
      [[], Array("1.0".utf8), [1], [], [], [], Array("PLAIN".utf8), Array("admin".utf8), Array("secret".utf8)],
      [[], Array("1.0".utf8), [1], [], [], [], Array("NULL".utf8)], Array(repeating: [0xFF], count: 200),
    ]
    for frames in wrong {
      for (index, frame) in frames.enumerated() { #expect(try forger.send(frame, more: index < frames.count - 1)) }
    }
    let client = try Client(to: server.keys.publicKey, at: server.endpoint, named: "e")
    #expect(try client.socket.send([7]))
    let message = ZeroMQMessage()
    try server.serve(letting: client.keys.publicKey) { try server.router.receive(into: message) }
    // What could be answered was refused.
    var codes: [String] = []
    while try forger.receive(into: message) {
      var frames = [message.bytes]
      while message.hasMore, try forger.receive(into: message) { frames.append(message.bytes) }
      if frames.count > 3 { codes.append(String(decoding: frames[3], as: UTF8.self)) }
    }
    #expect(codes == ["400", "400", "400"])
  }

  @Test func aRequestIsReadOnlyWhole() {
    let key = [UInt8](repeating: 7, count: 32)
    let whole: [[UInt8]] = [
      [9], [], Array("1.0".utf8), Array("id".utf8), Array("xtblish".utf8), Array("10.0.0.1".utf8), [],
      Array("CURVE".utf8), key,
    ]
    #expect(ZAPRequest(whole)?.key == CurvePublicKey(bytes: key))
    #expect(ZAPRequest(whole)?.address == "10.0.0.1")
    #expect(
      ZAPRequest(whole)?.answer(user: "u").dropFirst(2).map { String(decoding: $0, as: UTF8.self) }
        == ["1.0", "id", "200", "OK", "u", ""])
    for length in 0..<(whole.count - 1) { #expect(ZAPRequest(Array(whole[..<length])) == nil, "\(length) frames") }
    #expect(ZAPRequest(Array(whole[..<(whole.count - 1)]))?.key == nil)
    #expect(ZAPRequest(whole + [key])?.key == nil, "more credentials than one")
  }
}
