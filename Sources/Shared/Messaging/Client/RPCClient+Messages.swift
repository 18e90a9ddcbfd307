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
    // Reading frames takes longest and needs no lock.
    let read: [(ConnectionID, Envelope?)] = events.compactMap { event in
      guard case .frame(let connection, let frame) = event else { return nil }
      return (connection, try? Envelope(decoding: frame))
    }
    var frames = read.makeIterator()
    var stray: Int64 = 0
    let nextResolve = state.withLock { state in
      for event in events {
        switch event {
        case .opened(let connection): state.machine.opened(connection, now: now, actions: &actions)
        case .closed(let connection): state.machine.closed(connection, now: now, actions: &actions)
        case .unsent(let connection, let token):
          state.machine.unsent(token, on: connection, now: now, actions: &actions)
        case .frame:
          guard let (connection, envelope) = frames.next() else { break }
          state.machine.heard(from: connection)
          if envelope?.role == .heartbeatReply { break }
          guard let envelope, let number = callNumber(of: envelope),
            state.machine.receive(envelope, for: number, on: connection, now: now, actions: &actions)
          else {
            stray += 1
            break
          }
        }
      }
      return state.machine.nextResolve
    }
    if stray > 0 { strays.increment(by: stray) }
    perform(actions)
    // A lost server brings it forward.
    timer.arm(for: nextResolve)
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
      logger.debug("Connecting to a server", metadata: ["service": "\(name)", "endpoint": "\(endpoint)"])
      dialer?.connect(connection, to: endpoint)
    case .disconnect(let connection):
      dialer?.disconnect(connection)
    }
  }

  private func frame(for outgoing: Outgoing, call: UInt64, remaining: Duration) -> [UInt8] {
    var envelope = Envelope(role: .request)
    envelope.kind = outgoing.kind
    envelope.correlationID = correlationID(call)
    // 0 would mean no deadline.
    envelope.deadlineMilliseconds = UInt32(max(remaining.milliseconds, 1))
    envelope.traceParent = outgoing.traceParent
    envelope.payload = outgoing.payload[...]
    return envelope.encoded()
  }

  private func correlationID(_ call: UInt64) -> ArraySlice<UInt8> {
    let bytes = [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
      let raw = UnsafeMutableRawBufferPointer(buffer)
      raw.storeBytes(of: correlationPrefix.bigEndian, toByteOffset: 0, as: UInt64.self)
      raw.storeBytes(of: call.bigEndian, toByteOffset: 8, as: UInt64.self)
      count = 16
    }
    return bytes[...]
  }

  private func callNumber(of envelope: Envelope) -> UInt64? {
    let id = envelope.correlationID
    guard envelope.role == .response || envelope.role == .failure, id.count == 16 else { return nil }
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
    guard payload.count <= options.transport.maximumFrameSize - RPCServer.envelopeAllowance else {
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
