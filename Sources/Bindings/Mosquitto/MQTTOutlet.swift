/// The way out for messages that are sent again until the broker has them: finds the one for which the broker ends the
/// connection, so that it can be set aside and does not hold up all others for ever.
///
/// A broker that takes no more than so many bytes, and does not say so, hangs up; what was on its way then may be the
/// cause or may have been beside it. What was on its way twice goes alone, and what then goes wrong is its own.
package actor MQTTOutlet {
  /// How the tries of one message went. Whoever repeats the message keeps it.
  package struct Tries: Sendable, Equatable {
    /// Connections that broke while the message was on its way together with others.
    private(set) var cutsInCompany = 0
    /// Connections that broke while it was on its way alone.
    private(set) var cutsAlone = 0

    package init() {}

    private static let suspiciousCuts = 2
    private static let provingCuts = 3

    /// Whether the message is under suspicion: from two cuts on it is sent while nothing else is on its way.
    package var goesAlone: Bool { cutsInCompany >= Self.suspiciousCuts }
    /// Whether the message is proved to be the cause: the connection broke three times while it went alone, or the
    /// broker named it as too large. Sending it again is of no use.
    package var areHopeless: Bool { cutsAlone >= Self.provingCuts }
    /// All connections that broke while the message was on its way.
    package var cuts: Int { cutsInCompany + cutsAlone }

    /// Counts a failed publish, if its error may have been the message's fault: the connection was lost after the
    /// message had gone out.
    package mutating func note(_ error: MQTTError) {
      guard error.code == .connectionLost, error.mayHaveArrived else { return }
      noteCut(isNamed: error.reasonCode == .packetTooLarge)
    }

    /// A connection ended that the message may have ended.
    ///
    /// - Parameter isNamed: the broker said that it was too large, so that no more proof is needed than that it was this
    ///   one.
    package mutating func noteCut(isNamed: Bool = false) {
      if goesAlone {
        cutsAlone += isNamed ? Self.provingCuts : 1
      } else {
        cutsInCompany += isNamed ? Self.suspiciousCuts : 1
      }
    }

    /// The message is made smaller from now on: what was proved of it starts again, and it still goes alone.
    package mutating func beginSmaller() { cutsAlone = 0 }
  }

  private nonisolated let client: MQTTClient
  /// How long nothing was sent before a message counts as alone.
  private let quietTime: Duration
  private var isOpen: Bool
  /// When something was last sent, or may have been.
  private var lastWord = ContinuousClock.now
  /// When the newest connections ended.
  private var endings: [ContinuousClock.Instant] = []
  private static let keptEndings = 16
  /// Messages on their way.
  private var underWay = 0
  /// Somebody has the way out for itself, or will after a quiet time.
  private(set) var isOneAlone = false
  private var waitingAlone = 0
  private var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
  private var lastWaiter: UInt64 = 0

  /// - Parameters:
  ///   - isOpen: false: nothing goes out before `open()`.
  ///   - quietTime: before a message that goes alone. What nobody acknowledges, and what the broker counts over a time,
  ///     makes it hang up a moment later, and the next message is not to be blamed.
  package init(_ client: MQTTClient, isOpen: Bool = true, quietTime: Duration = .zero) {
    self.client = client
    self.isOpen = isOpen
    self.quietTime = quietTime
  }

  /// Lets messages go out; called when there is a connection and what must come first was sent.
  package func open() {
    isOpen = true
    lastWord = .now
    wakeAll()
  }

  /// Holds back messages that have not begun, and notes the end of the connection. What is under way goes on.
  package func close() {
    isOpen = false
    endings.append(.now)
    if endings.count > Self.keptEndings { endings.removeFirst() }
  }

  /// Whether `close` was called within `time` after `moment`. The newest 16 ends are remembered.
  package func hasEnded(after moment: ContinuousClock.Instant, within time: Duration) -> Bool {
    endings.contains { $0 >= moment && $0 - moment <= time }
  }

  /// Publishes when it is open, and the message's turn.
  ///
  /// What nobody acknowledges, and goes alone, is followed by a quiet time, which tells whether the broker ends the
  /// connection for it.
  ///
  /// - Parameters:
  ///   - userProperties: as of `MQTTClient.publish`.
  ///   - timeout: from then on.
  /// - Returns: as `MQTTClient.publish`.
  @discardableResult
  package func publish(
    topic: String, payload: [UInt8], qos: MQTTQualityOfService = .atLeastOnce, retain: Bool = false,
    userProperties: [MQTTUserProperty] = [], isAdaptable: Bool = false, timeout: Duration = .seconds(5),
    tries: inout Tries
  ) async throws(MQTTError) -> MQTTReasonCode {
    let goesAlone = tries.goesAlone
    try await enter(alone: goesAlone)
    defer { leave(alone: goesAlone) }
    do throws(MQTTError) {
      let reason = try await client.publish(
        topic: topic, payload: payload, qos: qos, retain: retain, userProperties: userProperties,
        isAdaptable: isAdaptable, timeout: timeout)
      if qos == .atLeastOnce {
        tries = Tries()
      } else if goesAlone {
        try await outlive()
        tries = Tries()
      }
      return reason
    } catch {
      tries.note(error)
      throw error
    }
  }

  /// Subscribes when it is open, and the filter's turn, for as long as the connection lasts.
  ///
  /// - Parameter timeout: from then on.
  package func subscribe(
    to filter: String, timeout: Duration = .seconds(10), tries: inout Tries
  ) async throws(MQTTError) -> MQTTQualityOfService {
    let goesAlone = tries.goesAlone
    try await enter(alone: goesAlone)
    defer { leave(alone: goesAlone) }
    do throws(MQTTError) {
      let granted = try await client.subscribe(to: filter, isKept: false, timeout: timeout)
      tries = Tries()
      return granted
    } catch {
      tries.note(error)
      throw error
    }
  }

  /// Waits until the end of the connection would be no fault of what was sent last any more.
  ///
  /// - Throws: `connectionLost` if it ended meanwhile.
  private func outlive() async throws(MQTTError) {
    let sent = ContinuousClock.now
    do { try await Task.sleep(for: quietTime) } catch {
      throw MQTTError(.cancelled, "cancelled while waiting for the broker")
    }
    if let last = endings.last, last >= sent {
      throw MQTTError(.connectionLost, "the connection ended right after the message", mayHaveArrived: true)
    }
  }

  private func enter(alone: Bool) async throws(MQTTError) {
    if alone { waitingAlone += 1 }
    defer { if alone { waitingAlone -= 1 } }
    while true {
      if Task.isCancelled {
        // Others may have waited for this one.
        wakeAll()
        throw MQTTError(.cancelled, "cancelled while waiting for the broker")
      }
      let hasTurn = !isOneAlone && (alone ? underWay == 0 : waitingAlone == 0)
      if isOpen, hasTurn {
        let quiet = alone ? lastWord + quietTime : lastWord
        if .now >= quiet { break }
        // Nobody else speaks meanwhile; but the connection may end.
        isOneAlone = true
        try? await Task.sleep(until: quiet)
        isOneAlone = false
        wakeAll()
      } else {
        await waitForChange()
      }
    }
    underWay += 1
    isOneAlone = alone
  }

  private func leave(alone: Bool) {
    underWay -= 1
    lastWord = .now
    if alone { isOneAlone = false }
    wakeAll()
  }

  private func waitForChange() async {
    lastWaiter += 1
    let id = lastWaiter
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        // Cancellation that came before this point found no waiter to wake.
        if Task.isCancelled { continuation.resume() } else { waiters[id] = continuation }
      }
    } onCancel: {
      Task { await self.wake(id) }
    }
  }

  private func wake(_ id: UInt64) { waiters.removeValue(forKey: id)?.resume() }

  private func wakeAll() {
    let all = waiters.values
    waiters = [:]
    for waiter in all { waiter.resume() }
  }
}
