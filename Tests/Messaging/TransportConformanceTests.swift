import Messaging
import TestSupport
import Testing

/// What every transport must do.
@Suite(.seated) struct TransportConformanceTests {
  private let one = ConnectionID(1)

  /// A listener that answers every frame with the same frame, and a dialer.
  private struct Echo {
    let network: Network
    let received = Recorder<PeerFrame>()
    let events = Recorder<DialerEvent>()
    let dialer: any TransportDialer
    let options: TransportOptions

    init(_ kind: TransportKind, options: TransportOptions = TransportOptions()) async throws {
      network = try Network(kind)
      self.options = options
      dialer = try await network.transport.makeDialer(options: options) { [events] in events.record($0) }
    }

    func listen() async throws -> any TransportListener {
      try await network.transport.listen(on: network.endpoint, options: options) { [received] in received.record($0) }
    }
  }

  @Test(arguments: TransportKind.allCases) func framesArriveWholeAndInOrder(kind: TransportKind) async throws {
    let echo = try await Echo(kind)
    let listener = try await echo.listen()
    echo.dialer.connect(one, to: echo.network.endpoint)
    try await echo.events.waitForOpen(one)
    var generator = SeededGenerator(seed: 1)
    let frames = (0..<500).map { _ in generator.bytes(Int.random(in: 0...300, using: &generator)) }
    for frame in frames { echo.dialer.send(frame, on: one, token: 0) }
    let received = try await echo.received.wait(for: frames.count)
    #expect(received.map(\.frame) == frames)
    #expect(Set(received.map(\.peer)).count == 1)

    for frame in frames { listener.send(frame, to: received[0].peer) }
    try await eventually("all frames") { echo.events.frames.count == frames.count }
    #expect(echo.events.frames == frames)
    await echo.dialer.close()
    await listener.close()
  }

  @Test(arguments: TransportKind.allCases) func dialersAreDifferentPeers(kind: TransportKind) async throws {
    let echo = try await Echo(kind)
    let listener = try await echo.listen()
    let others = Recorder<DialerEvent>()
    let other = try await echo.network.transport.makeDialer(options: echo.options) { others.record($0) }
    for dialer in [echo.dialer, other] { dialer.connect(one, to: echo.network.endpoint) }
    try await echo.events.waitForOpen(one)
    try await others.waitForOpen(one)
    echo.dialer.send([1], on: one, token: 0)
    other.send([2], on: one, token: 0)
    for received in try await echo.received.wait(for: 2) { listener.send(received.frame ?? [], to: received.peer) }
    try await eventually { echo.events.frames == [[1]] && others.frames == [[2]] }
    await other.close()
    await echo.dialer.close()
    await listener.close()
  }

  @Test(arguments: TransportKind.allCases) func aListenerMayComeLaterAndComeBack(kind: TransportKind) async throws {
    let echo = try await Echo(kind)
    echo.dialer.connect(one, to: echo.network.endpoint)
    echo.dialer.send([1], on: one, token: 7)
    #expect(try await echo.events.wait(for: 1) == [.unsent(one, token: 7)])
    for round in 1...3 {
      let listener = try await echo.listen()
      try await echo.events.waitForOpen(one, times: round)
      echo.dialer.send([UInt8(round)], on: one, token: 0)
      #expect(try await echo.received.wait(for: round).last?.frame == [UInt8(round)])
      await listener.close()
      try await eventually("closed") { echo.events.elements.count { $0 == .closed(one) } == round }
    }
    await echo.dialer.close()
  }

  @Test(arguments: TransportKind.allCases) func onlyOneMayListen(kind: TransportKind) async throws {
    let echo = try await Echo(kind)
    let listener = try await echo.listen()
    let error = await #expect(throws: TransportError.self) { _ = try await echo.listen() }
    #expect(error?.isAddressInUse == true)
    #expect("\(try #require(error))".contains(echo.network.endpoint))
    // The first one is unharmed.
    echo.dialer.connect(one, to: echo.network.endpoint)
    try await echo.events.waitForOpen(one)
    echo.dialer.send([1], on: one, token: 0)
    _ = try await echo.received.wait(for: 1)
    await listener.close()
    let second = try await echo.listen()
    await second.close()
    await echo.dialer.close()
  }

  @Test(arguments: TransportKind.allCases)
  func aTooLargeFrameEndsItsConnectionAndNothingElse(kind: TransportKind) async throws {
    var options = TransportOptions()
    options.maximumFrameSize = 1_000
    let echo = try await Echo(kind, options: options)
    let listener = try await echo.listen()
    let two = ConnectionID(2)
    for connection in [one, two] { echo.dialer.connect(connection, to: echo.network.endpoint) }
    for connection in [one, two] { try await echo.events.waitForOpen(connection) }
    echo.dialer.send([UInt8](repeating: 1, count: 1_001), on: one, token: 0)
    try await echo.events.waitForOpen(one, times: 2)
    #expect(echo.events.elements.contains(.closed(one)))
    #expect(!echo.events.elements.contains(.closed(two)))
    for connection in [one, two] {
      echo.dialer.send([UInt8](repeating: 2, count: 1_000), on: connection, token: 0)
    }
    #expect(try await echo.received.wait(for: 2).allSatisfy { $0.frame?.count == 1_000 })
    await echo.dialer.close()
    await listener.close()
  }

  @Test(arguments: TransportKind.allCases) func sendingToAPeerThatIsGoneIsCounted(kind: TransportKind) async throws {
    let echo = try await Echo(kind)
    let listener = try await echo.listen()
    echo.dialer.connect(one, to: echo.network.endpoint)
    try await echo.events.waitForOpen(one)
    echo.dialer.send([1], on: one, token: 0)
    let peer = try await echo.received.wait(for: 1)[0].peer
    await echo.dialer.close()
    try await eventually("the peer's end is noticed") {
      listener.send([2], to: peer)
      return listener.droppedFrames > 0
    }
    await listener.close()
    await listener.close()
  }

  @Test(arguments: TransportKind.allCases) func nothingComesFromADroppedConnection(kind: TransportKind) async throws {
    let echo = try await Echo(kind)
    let listener = try await echo.listen()
    echo.dialer.connect(one, to: echo.network.endpoint)
    try await echo.events.waitForOpen(one)
    echo.dialer.disconnect(one)
    echo.dialer.send([1], on: one, token: 3)
    try await eventually { echo.events.elements.last == .unsent(one, token: 3) }
    #expect(!echo.events.elements.contains(.closed(one)))
    await echo.dialer.close()
    await listener.close()
    #expect(echo.received.elements.isEmpty)
  }

  @Test(arguments: TransportKind.allCases) func anUnreadablyLongQueueIsBounded(kind: TransportKind) async throws {
    var options = TransportOptions()
    options.queuedFrames = 10
    let network = try Network(kind)
    let events = Recorder<DialerEvent>()
    // A listener whose owner is stuck: frames pile up in front of it.
    let stuck = StuckOwner()
    let listener = try await network.transport.listen(on: network.endpoint, options: options) { _ in stuck.wait() }
    let dialer = try await network.transport.makeDialer(options: options) { events.record($0) }
    dialer.connect(one, to: network.endpoint)
    try await events.waitForOpen(one)
    // More than the kernel's own buffers hold.
    let frame = [UInt8](repeating: 1, count: 1 << 20)
    for token in 1...100 { dialer.send(frame, on: one, token: UInt64(token)) }
    try await eventually("frames are refused") {
      events.elements.contains { if case .unsent = $0 { true } else { false } }
    }
    stuck.release()
    await dialer.close()
    await listener.close()
  }
}
