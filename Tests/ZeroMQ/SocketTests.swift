import Glibc
import TestSupport
import Testing
import ZeroMQ

@Suite(.seated) struct SocketTests {
  /// A ROUTER and a DEALER that is connected to it.
  private struct Pair {
    let router: ZeroMQSocket
    let dealer: ZeroMQSocket
    let monitor: ZeroMQMonitor

    init(_ configure: (ZeroMQSocket) throws -> Void = { _ in }) throws {
      let context = try ZeroMQContext()
      router = try ZeroMQSocket(.router, in: context)
      dealer = try ZeroMQSocket(.dealer, in: context)
      try router.set(.routerMandatory(true))
      try configure(router)
      try router.bind("tcp://127.0.0.1:*")
      monitor = try ZeroMQMonitor(of: dealer, named: "pair")
      try dealer.connect(try router.lastEndpoint())
    }
  }

  /// Waits for one frame.
  private func receive(_ socket: ZeroMQSocket) throws -> (bytes: [UInt8], hasMore: Bool) {
    let message = ZeroMQMessage()
    var poller = ZeroMQPoller()
    poller.add(socket)
    for _ in 0..<1_000 {
      if try socket.receive(into: message) { return (message.bytes, message.hasMore) }
      _ = try poller.wait(timeoutMilliseconds: 20)
    }
    throw TestFailure("nothing came")
  }

  private func nextEvent(_ monitor: ZeroMQMonitor) throws -> ZeroMQMonitor.Event {
    var poller = ZeroMQPoller()
    poller.add(monitor.socket)
    for _ in 0..<1_000 {
      if let event = try monitor.next() { return event }
      _ = try poller.wait(timeoutMilliseconds: 20)
    }
    throw TestFailure("no event came")
  }

  @Test func framesGoBothWaysWithTheirBoundaries() throws {
    let pair = try Pair()
    #expect(try nextEvent(pair.monitor) == .connected)
    #expect(try pair.dealer.send([1, 2, 3], more: true))
    #expect(try pair.dealer.send([]))

    let identity = try receive(pair.router)
    #expect(identity.hasMore)
    let first = try receive(pair.router)
    #expect(first.bytes == [1, 2, 3] && first.hasMore)
    let second = try receive(pair.router)
    #expect(second.bytes.isEmpty && !second.hasMore)

    let large = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    #expect(try pair.router.send(identity.bytes, more: true))
    #expect(try pair.router.send(large))
    let answer = try receive(pair.dealer)
    #expect(answer.bytes == large)
  }

  @Test func receivingFromAnEmptySocketDoesNotWait() throws {
    let pair = try Pair()
    let message = ZeroMQMessage()
    let (atDealer, atRouter) = (try pair.dealer.receive(into: message), try pair.router.receive(into: message))
    #expect(!atDealer && !atRouter)
  }

  @Test func nothingIsQueuedForAPeerThatIsNotThere() throws {
    let port = try FreePort()
    let dealer = try ZeroMQSocket(.dealer, in: ZeroMQContext())
    try dealer.set(.immediate(true))
    try dealer.connect("tcp://127.0.0.1:\(port.number)")
    #expect(try !dealer.send([1]))
  }

  @Test func aRouterTellsThatAPeerIsUnknown() throws {
    let pair = try Pair()
    let error = #expect(throws: ZeroMQError.self) { try pair.router.send([9, 9], more: true) }
    #expect(error?.code == EHOSTUNREACH)
  }

  @Test func aPeerThatSendsTooMuchIsDisconnected() throws {
    let pair = try Pair { try $0.set(.maximumMessageSize(1_000)) }
    #expect(try nextEvent(pair.monitor) == .connected)
    #expect(try pair.dealer.send([UInt8](repeating: 0, count: 1_001)))
    #expect(try nextEvent(pair.monitor) == .disconnected)
    #expect(try nextEvent(pair.monitor) == .connected)
    #expect(try pair.dealer.send([UInt8](repeating: 7, count: 1_000)))
    _ = try receive(pair.router)
    let frame = try receive(pair.router)
    #expect(frame.bytes.count == 1_000)
  }

  @Test func aClosedListenerIsNoticed() throws {
    let context = try ZeroMQContext()
    let dealer = try ZeroMQSocket(.dealer, in: context)
    let monitor = try ZeroMQMonitor(of: dealer, named: "noticed")
    do {
      let router = try ZeroMQSocket(.router, in: context)
      try router.bind("tcp://127.0.0.1:*")
      try dealer.connect(try router.lastEndpoint())
      #expect(try nextEvent(monitor) == .connected)
    }
    #expect(try nextEvent(monitor) == .disconnected)
  }

  @Test func aSignalWakesAWaitingThreadOnce() async throws {
    let signal = try WakeSignal()
    let woken = Task.detached {
      var poller = ZeroMQPoller()
      poller.add(signal)
      let first = try poller.wait(timeoutMilliseconds: 20_000)
      signal.lower()
      return (first, try poller.wait(timeoutMilliseconds: 0))
    }
    signal.raise()
    signal.raise()
    let (first, second) = try await woken.value
    #expect(first)
    #expect(!second)
  }
}

@Suite(.seated) struct ErrorTests {
  @Test func anAddressInUseIsTold() throws {
    let context = try ZeroMQContext()
    let first = try ZeroMQSocket(.router, in: context)
    try first.bind("tcp://127.0.0.1:*")
    let endpoint = try first.lastEndpoint()
    let second = try ZeroMQSocket(.router, in: context)
    let error = #expect(throws: ZeroMQError.self) { try second.bind(endpoint) }
    #expect(error?.isAddressInUse == true)
    #expect("\(try #require(error))".contains("another process listens there"))
    #expect("\(try #require(error))".contains(endpoint))
  }

  @Test(arguments: [
    ("nonsense", EINVAL), ("tcp://127.0.0.1", EINVAL), ("carrier-pigeon://x", EPROTONOSUPPORT),
    ("ipc:///tmp/" + String(repeating: "x", count: 200), ENAMETOOLONG), ("tcp://192.0.2.1:9999", EADDRNOTAVAIL),
  ])
  func aWrongAddressIsTold(endpoint: String, code: Int32) throws {
    let socket = try ZeroMQSocket(.router, in: ZeroMQContext())
    let error = try #require(throws: ZeroMQError.self) { try socket.bind(endpoint) }
    #expect(error.code == code || error.code == ENODEV)
    #expect("\(error)".contains("zmq_bind \(endpoint)"))
    #expect("\(error)".contains(";"), "it says what to do: \(error)")
  }
}
