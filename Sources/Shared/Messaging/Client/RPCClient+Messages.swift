import CoreMetrics
import Logging
import SwiftProtobuf
import Synchronization
import Wire

/// Between the state machine and the transport.
extension RPCClient {
  /// Runs on the transport's thread.
  func receive(_ events: [DialerEvent]) {
    let now = ContinuousClock.now
    var actions: [ClientState<Outgoing>.Action] = []
    // Reading frames needs no lock.
    var read: [EnvelopeFields?] = []
    read.reserveCapacity(events.count)
    for case .frame(_, let frame) in events { read.append(try? EnvelopeFields(of: frame)) }
    var answered: [(Outgoing, ArraySlice<UInt8>)] = []
    answered.reserveCapacity(events.count)
    var position = 0
    var stray: Int64 = 0
    var unsentCount = 0
    var refused: [(endpoint: String, refusal: ConnectionRefusal)] = []
    let (nextResolve, dialer) = state.withLock { state -> (ContinuousClock.Instant?, (any TransportDialer)?) in
      for event in events {
        switch event {
        case .opened(let connection): state.machine.opened(connection, now: now, actions: &actions)
        case .closed(let connection): state.machine.closed(connection, now: now, actions: &actions)
        case .unsent(let connection, let token):
          unsentCount += 1
          state.machine.unsent(token, on: connection, now: now, actions: &actions)
        case .refused(let connection, let refusal):
          if let endpoint = state.machine.refused(connection, refusal) { refused.append((endpoint, refusal)) }
        case .frame(let connection, let frame):
          let fields = read[position]
          position += 1
          state.machine.heard(from: connection)
          if let fields, fields.role == .response,
            let number = callNumber(frame[fields.correlationID]), let outgoing = state.machine.completed(number)
          {
            answered.append((outgoing, frame[fields.payload]))
          } else if let fields, fields.role == .heartbeatReply {
            if !fields.failures.isEmpty { state.machine.leaves(connection, now: now) }
          } else if !receiveFailure(frame, on: connection, now: now, state: &state, actions: &actions) {
            stray += 1
          }
        }
      }
      // A lost server brings it forward.
      let nextResolve = state.machine.nextResolve
      guard state.wakeUp.map({ nextResolve < $0 }) ?? true else { return (nil, state.dialer) }
      state.wakeUp = nextResolve
      return (nextResolve, state.dialer)
    }
    if stray > 0 { strays.increment(by: stray) }
    if unsentCount > 0 { unsent.increment(by: unsentCount) }
    for (endpoint, refusal) in refused {
      logger.warning(
        "a server can't be talked to",
        metadata: ["service": "\(name)", "endpoint": "\(endpoint)", "error": "\(refusal)"])
    }
    for (outgoing, payload) in answered { outgoing.continuation.resume(returning: .success(payload)) }
    for action in actions { perform(action, dialer: dialer) }
    if let nextResolve { timer.arm(for: nextResolve) }
  }

  /// Does what the state machine decided. Never called with the lock held.
  func perform(_ actions: [ClientState<Outgoing>.Action]) {
    guard !actions.isEmpty else { return }
    let dialer = state.withLock { $0.dialer }
    for action in actions { perform(action, dialer: dialer) }
  }

  func perform(_ action: ClientState<Outgoing>.Action, dialer: (any TransportDialer)?) {
    switch action {
    case .answer(let outgoing, let outcome): outgoing.continuation.resume(returning: outcome)
    case .resolve: lookUp.yield()
    case .send(let connection, let call, let outgoing, let remaining):
      dialer?.send(frame(for: outgoing, call: call, remaining: remaining), on: connection, token: call)
    case .heartbeat(let connection):
      dialer?.send(Envelope.heartbeatFrame, on: connection, token: 0)
    case .connect(let connection, let endpoint):
      logger.debug("connecting to a server", metadata: ["service": "\(name)", "endpoint": "\(endpoint)"])
      dialer?.connect(connection, to: endpoint)
    case .disconnect(let connection):
      dialer?.disconnect(connection)
    }
  }

  private func frame(for outgoing: Outgoing, call: UInt64, remaining: Duration) -> [UInt8] {
    Envelope.request(
      call, prefix: correlationPrefix, kind: outgoing.kind,
      // 0 would mean no deadline.
      deadlineMilliseconds: UInt32(max(remaining.milliseconds, 1)), traceParent: outgoing.traceParent,
      requestID: outgoing.requestID, payload: outgoing.payload)
  }

  /// - Returns: false if the frame is no failure that somebody waits for.
  private func receiveFailure(
    _ frame: [UInt8], on connection: ConnectionID, now: ContinuousClock.Instant, state: inout State,
    actions: inout [ClientState<Outgoing>.Action]
  ) -> Bool {
    guard let envelope = try? Envelope(decoding: frame), envelope.role == .failure,
      let number = callNumber(envelope.correlationID)
    else { return false }
    return state.machine.receive(envelope, for: number, on: connection, now: now, actions: &actions)
  }

  private func callNumber(_ id: ArraySlice<UInt8>) -> UInt64? {
    guard id.count == 16 else { return nil }
    let (prefix, call) = id.withUnsafeBytes { bytes in
      (bytes.loadUnaligned(as: UInt64.self), bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
    return UInt64(bigEndian: prefix) == correlationPrefix ? UInt64(bigEndian: call) : nil
  }

  // MARK: Payloads

  func encode(_ request: some WireRequest) throws(WireFailure) -> [UInt8] {
    let payload: [UInt8]
    do {
      payload = try request.serializedBytes()
    } catch {
      throw WireFailure(.invalid, reason: "unencodable-request", message: "the request can't be serialised: \(error)")
    }
    guard payload.count <= options.transport.maximumFrameSize - Envelope.allowanceBytes else {
      throw WireFailure(
        .invalid, reason: "request-too-large",
        message: "the request has \(payload.count) bytes, more than the bus carries: send less at once")
    }
    return payload
  }

  func decode<Response: SwiftProtobuf.Message>(
    _ payload: ArraySlice<UInt8>, of kind: String
  ) throws(WireFailure) -> Response {
    do {
      return try Response(serializedBytes: payload.span.bytes)
    } catch {
      throw WireFailure(
        .internal, reason: "unreadable-response",
        message: "\(name) answered \(kind) with something else: update the older of the two programs")
    }
  }
}
