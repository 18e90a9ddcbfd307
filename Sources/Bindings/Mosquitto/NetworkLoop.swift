import Glibc

/// The network thread: connects, sends, reads and keeps alive, and is the only user of the library.
///
/// It drives the library with `poll` itself. The library's own loop uses `select`, which ends at
/// descriptor 1,023, and its own threads share the handle with the callers.
final class NetworkLoop {
  private enum Connection {
    case waiting(until: ContinuousClock.Instant)
    case dialling
    /// CONNECT was sent; CONNACK must come before the deadline.
    case handshaking(LibraryHandle, deadline: ContinuousClock.Instant)
    case open(LibraryHandle, since: ContinuousClock.Instant)
  }

  private static let maintenanceInterval = Duration.seconds(1)

  private let core: ClientCore
  /// The options that the client was made with, less what the broker refuses of the will.
  private var options: MQTTClientOptions
  private let clock = ContinuousClock()
  private var connection: Connection
  private var backoff: ReconnectBackoff
  private var nextMaintenance: ContinuousClock.Instant

  init(_ core: ClientCore) {
    self.core = core
    options = core.options
    backoff = ReconnectBackoff(
      initial: core.options.reconnectInitialDelay, maximum: core.options.reconnectMaximumDelay)
    connection = .waiting(until: clock.now)
    nextMaintenance = clock.now
  }

  /// Runs until the client is asked to close.
  func run() {
    while !core.isClosing {
      reconnectIfAsked()
      advance()
      sendRequests()
      wait()
      core.expire(now: clock.now)
    }
    sayGoodbye(core.goodbye)
    handle?.close()
    core.finish()
  }

  // MARK: connecting

  private func advance() {
    switch connection {
    case .waiting(let until):
      if until <= clock.now { dial() }
    case .dialling:
      guard let dialled = core.takeDialled() else { return }
      switch dialled.result {
      case .success:
        connection = .handshaking(dialled.handle, deadline: clock.now + core.options.connectTimeout)
        collect(from: dialled.handle)
      case .failure(let error):
        dialled.handle.close()
        retry(after: error, uptime: .zero)
      }
    case .handshaking(let handle, let deadline):
      if deadline <= clock.now {
        drop(
          handle,
          MQTTError(
            .timedOut, "the broker took the connection and did not answer CONNECT: it is stuck or no MQTT broker"))
      }
    case .open: break
    }
  }

  /// Connects on a thread of its own: resolving and connecting block, up to minutes, and time limits
  /// and closing must not wait for them.
  private func dial() {
    let (core, options) = (core, options)
    do throws(MQTTError) {
      let handle = try LibraryHandle(options)
      do throws(MQTTError) {
        try NetworkThread.start {
          let result: Result<Void, MQTTError>
          do throws(MQTTError) {
            try handle.connect(options)
            result = .success(())
          } catch {
            result = .failure(error)
          }
          if !core.deliver(ClientCore.Dialled(handle: handle, result: result)) { handle.close() }
        }
      } catch {
        handle.close()
        throw error
      }
      connection = .dialling
    } catch {
      retry(after: error, uptime: .zero)
    }
  }

  /// A broker without retained messages or QoS 1 refuses a connection for what its will asks for, and does not say so
  /// before.
  private func adaptWill(to refusal: MQTTReasonCode) {
    if refusal == .retainNotSupported { options.will?.retain = false }
    if refusal == .qosNotSupported { options.will?.qos = .atMostOnce }
  }

  /// Ends the connection in an orderly way and makes the next one at once. While one is being dialled, its outcome is
  /// awaited first: it may have read its files before they were changed.
  private func reconnectIfAsked() {
    if case .dialling = connection { return }
    guard core.takeReconnectRequest() else { return }
    if let handle {
      sayGoodbye(.success)
      handle.close()
      core.disconnected(MQTTError(.connectionLost, "the connection is made anew"))
    }
    connection = .waiting(until: clock.now)
  }

  private func retry(after error: MQTTError, uptime: Duration) {
    backoff.connectionEnded(after: uptime, wasTakenOver: error.reasonCode == .sessionTakenOver)
    connection = .waiting(until: clock.now + backoff.next(fraction: .random(in: 0...1)))
    core.disconnected(error)
  }

  private func drop(_ handle: LibraryHandle, _ error: MQTTError) {
    handle.close()
    if case .open(_, let since) = connection {
      retry(after: error, uptime: clock.now - since)
    } else {
      retry(after: error, uptime: .zero)
    }
  }

  // MARK: sending and receiving

  private var handle: LibraryHandle? {
    switch connection {
    case .handshaking(let handle, _), .open(let handle, _): handle
    case .waiting, .dialling: nil
    }
  }

  private func sendRequests() {
    guard case .open(let handle, _) = connection else { return }
    while let (id, request) = core.nextToSend() {
      do throws(MQTTError) {
        let messageID: Int32
        switch request {
        case .publish(let publication): messageID = try handle.publish(publication.fitting(core.limits))
        case .subscribe(let subscription): messageID = try handle.subscribe(subscription)
        case .unsubscribe(let filter): messageID = try handle.unsubscribe(filter: filter)
        case .awaitConnection: continue
        }
        core.sent(id, messageID: messageID)
        // A QoS 0 message is told as done inside the call that sends it.
        collect(from: handle)
        guard case .open = connection else { return }
      } catch  where error.code == .invalid || error.code == .tooLarge {
        core.failed(id, error)
      } catch {
        core.failed(id, error.endingConnection().afterSending())
        drop(handle, error)
        return
      }
    }
  }

  /// Waits for the broker, a caller or a time limit, and serves the broker.
  private func wait() {
    var descriptors = [pollfd(fd: core.wakeUp.descriptor, events: Int16(POLLIN), revents: 0)]
    var holdsInput = false
    if let handle {
      var events: Int16 = 0
      if !core.incoming.isPaused {
        events |= Int16(POLLIN)
        holdsInput = handle.holdsInput
      }
      if handle.wantsToWrite { events |= Int16(POLLOUT) }
      descriptors.append(pollfd(fd: handle.descriptor, events: events, revents: 0))
    }
    let timeout = holdsInput ? 0 : timeoutMilliseconds()
    let ready = unsafe descriptors.withUnsafeMutableBufferPointer { memory in
      unsafe poll(memory.baseAddress, nfds_t(memory.count), timeout)
    }
    if ready > 0, descriptors[0].revents != 0 { core.wakeUp.drain() }
    guard let handle else { return }
    do throws(MQTTError) {
      if ready > 0 || holdsInput, descriptors.count > 1 {
        let told = descriptors[1].revents
        // A broken connection is told even while reading is paused.
        if holdsInput || told & Int16(POLLIN | POLLERR | POLLHUP | POLLNVAL) != 0 { try handle.read() }
        if told & Int16(POLLOUT) != 0 { try handle.write() }
      }
      if nextMaintenance <= clock.now {
        nextMaintenance = clock.now + Self.maintenanceInterval
        try handle.maintain()
      }
    } catch {
      collect(from: handle, failure: error)
      return
    }
    collect(from: handle)
  }

  /// Takes in what the library told, and ends the connection if it broke.
  private func collect(from handle: LibraryHandle, failure: MQTTError? = nil) {
    var failure = failure
    for signal in handle.takeSignals() {
      switch signal {
      case .connected(let sessionPresent, 0, let limits):
        connection = .open(handle, since: clock.now)
        core.connected(sessionPresent: sessionPresent, limits: limits)
      case .connected(_, let reason, _):
        let code = MQTTReasonCode(rawValue: reason)
        adaptWill(to: code)
        failure = MQTTError(
          .refused, "the broker refused the connection of \(core.options.clientID): \(code)", reasonCode: code)
      case .disconnected(let status) where status != 0 && failure?.code != .refused:
        failure = handle.error(status: status)
      case .disconnected: break
      case .answered(let messageID, let reason): core.answered(messageID: messageID, reason: reason)
      case .received(let message): core.incoming.push(message)
      }
    }
    if let failure {
      drop(handle, failure)
    } else if handle.descriptor < 0 {
      drop(handle, MQTTError(.connectionLost, "the broker ended the connection"))
    }
  }

  private func timeoutMilliseconds() -> Int32 {
    var deadlines = [core.nextDeadline]
    switch connection {
    case .waiting(let until): deadlines.append(until)
    case .dialling: break
    case .handshaking(_, let deadline): deadlines += [deadline, nextMaintenance]
    case .open: deadlines.append(nextMaintenance)
    }
    guard let next = deadlines.compactMap({ $0 }).min() else { return -1 }
    let left = clock.now.duration(to: next)
    guard left > .zero else { return 0 }
    // Rounded up, so that it does not wake just before the time and spin.
    return Int32(clamping: Int64((left / Duration.milliseconds(1)).rounded(.up)))
  }

  // MARK: closing

  /// Sends DISCONNECT and waits up to a second for the kernel to take it.
  private func sayGoodbye(_ reason: MQTTReasonCode) {
    guard case .open(let handle, _) = connection else { return }
    let deadline = clock.now + .seconds(1)
    do {
      try handle.disconnect(reason: reason)
      while handle.descriptor >= 0, handle.wantsToWrite, clock.now < deadline {
        var descriptor = pollfd(fd: handle.descriptor, events: Int16(POLLOUT), revents: 0)
        guard unsafe poll(&descriptor, 1, 100) >= 0 || errno == EINTR else { break }
        if descriptor.revents != 0 { try handle.write() }
      }
    } catch {
      // The connection is gone already; the broker will notice by itself.
    }
    for case .answered(let messageID, let reason) in handle.takeSignals() {
      core.answered(messageID: messageID, reason: reason)
    }
  }
}
