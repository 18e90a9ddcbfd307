import Synchronization

/// What callers, the network thread and a dialling thread share, behind one lock.
final class ClientCore: Sendable {
  typealias Waiter = CheckedContinuation<Result<UInt8, MQTTError>, Never>
  typealias Table = RequestTable<Waiter>

  enum Phase: Sendable { case idle, running, closing, closed }

  /// A finished attempt to connect, on its way to the network thread.
  struct Dialled: Sendable {
    var handle: LibraryHandle
    var result: Result<Void, MQTTError>
  }

  private struct State: Sendable {
    var phase = Phase.idle
    var requests: Table
    var goodbye = MQTTReasonCode.success
    var dialled: Dialled?
    var limits = MQTTBrokerLimits()
    var isReconnectAskedFor = false
    var closers: [CheckedContinuation<Void, Never>] = []
  }

  let options: MQTTClientOptions
  let wakeUp: WakeUp
  let incoming: IncomingQueue
  let events: AsyncStream<MQTTConnectionEvent>
  private let eventSink: AsyncStream<MQTTConnectionEvent>.Continuation
  private let state: Mutex<State>

  init(_ options: MQTTClientOptions) throws(MQTTError) {
    try options.validate()
    let wakeUp = try WakeUp()
    self.options = options
    self.wakeUp = wakeUp
    incoming = IncomingQueue(options: options) { wakeUp.signal() }
    // Who does not follow loses the oldest changes; the newest is what counts.
    (events, eventSink) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(16))
    state = Mutex(
      State(
        requests: RequestTable(
          maximumInFlight: options.maximumInFlight, maximumQueued: options.maximumQueued)))
  }

  var isClosing: Bool { state.withLock { $0.phase == .closing } }
  var isConnected: Bool { state.withLock { $0.requests.isConnected } }
  var publishesInFlight: Int { state.withLock { $0.requests.inFlight } }
  var limits: MQTTBrokerLimits { state.withLock { $0.limits } }
  var goodbye: MQTTReasonCode { state.withLock { $0.goodbye } }
  var nextDeadline: ContinuousClock.Instant? { state.withLock { $0.requests.nextDeadline } }

  /// True for the one caller that is to start the network thread.
  func beginRunning() -> Bool {
    state.withLock { state in
      guard state.phase == .idle else { return false }
      state.phase = .running
      return true
    }
  }

  // MARK: requests

  func perform(_ request: Request, timeout: Duration?) async -> Result<UInt8, MQTTError> {
    let deadline = timeout.map { ContinuousClock.now + $0 }
    let ticket = Mutex<Table.ID?>(nil)
    return await withTaskCancellationHandler {
      await withCheckedContinuation { waiter in
        let submitted = state.withLock { state -> Result<Table.ID?, MQTTError> in
          guard state.phase == .running else {
            let message = state.phase == .idle ? "start() the MQTT client first" : "the MQTT client was closed"
            return .failure(MQTTError(.closed, message))
          }
          return state.requests.submit(request, waiter: waiter, deadline: deadline)
        }
        switch submitted {
        case .failure(let error): waiter.resume(returning: .failure(error))
        case .success(nil): waiter.resume(returning: .success(0))
        case .success(let id?):
          ticket.withLock { $0 = id }
          wakeUp.signal()
          // A cancellation that came before the ticket was written found nothing to end.
          if Task.isCancelled { cancel(id) }
        }
      }
    } onCancel: {
      if let id = ticket.withLock({ $0 }) { cancel(id) }
    }
  }

  private func cancel(_ id: Table.ID) {
    complete(state.withLock { $0.requests.cancel(id) })
  }

  func nextToSend() -> (id: Table.ID, request: Request)? {
    state.withLock { $0.requests.nextToSend() }
  }

  func sent(_ id: Table.ID, messageID: Int32) {
    state.withLock { $0.requests.sent(id, messageID: messageID) }
  }

  func failed(_ id: Table.ID, _ error: MQTTError) {
    complete(state.withLock { $0.requests.failed(id, error) })
  }

  func answered(messageID: Int32, reason: MQTTReasonCode) {
    let (completion, event) = state.withLock { $0.requests.answered(messageID: messageID, reason: reason) }
    complete(completion)
    if let event { eventSink.yield(event) }
  }

  func expire(now: ContinuousClock.Instant) {
    complete(state.withLock { $0.requests.expire(now: now) })
  }

  // MARK: connection

  func connected(sessionPresent: Bool, limits: MQTTBrokerLimits) {
    let completions = state.withLock { state in
      state.limits = limits
      return state.requests.connected(receiveMaximum: limits.receiveMaximum)
    }
    eventSink.yield(.connected(sessionPresent: sessionPresent))
    complete(completions)
  }

  func disconnected(_ error: MQTTError) {
    let completions = state.withLock { $0.requests.connectionLost(error) }
    eventSink.yield(.disconnected(error))
    complete(completions)
  }

  /// Hands a dialled connection to the network thread; false when nobody waits for it any more.
  func deliver(_ dialled: Dialled) -> Bool {
    let isWanted = state.withLock { state in
      guard state.phase == .running else { return false }
      state.dialled = dialled
      return true
    }
    wakeUp.signal()
    return isWanted
  }

  func takeDialled() -> Dialled? {
    state.withLock { state in
      defer { state.dialled = nil }
      return state.dialled
    }
  }

  /// Asks the network thread to make the connection anew.
  func askForReconnect() {
    state.withLock { $0.isReconnectAskedFor = true }
    wakeUp.signal()
  }

  func takeReconnectRequest() -> Bool {
    state.withLock { state in
      defer { state.isReconnectAskedFor = false }
      return state.isReconnectAskedFor
    }
  }

  // MARK: closing

  /// Asks for the end, and does not wait for it.
  func beginClosing(goodbye: MQTTReasonCode) {
    let neverRan = state.withLock { state in
      switch state.phase {
      case .idle:
        state.phase = .closing
        return true
      case .running:
        state.phase = .closing
        state.goodbye = goodbye
        return false
      case .closing, .closed: return false
      }
    }
    if neverRan { finish() } else { wakeUp.signal() }
  }

  func waitUntilClosed() async {
    await withCheckedContinuation { closer in
      let isClosed = state.withLock { state in
        if state.phase != .closed { state.closers.append(closer) }
        return state.phase == .closed
      }
      if isClosed { closer.resume() }
    }
  }

  /// Nothing of the library is in use any more.
  func finish() {
    let (completions, closers, dialled) = state.withLock { state in
      state.phase = .closed
      defer { (state.closers, state.dialled) = ([], nil) }
      return (state.requests.closeAll(), state.closers, state.dialled)
    }
    dialled?.handle.close()
    complete(completions)
    incoming.finish()
    eventSink.finish()
    for closer in closers { closer.resume() }
  }

  private func complete(_ completions: some Sequence<Table.Completion>) {
    for completion in completions { completion.waiter.resume(returning: completion.result) }
  }

  private func complete(_ completion: Table.Completion?) {
    if let completion { completion.waiter.resume(returning: completion.result) }
  }
}
