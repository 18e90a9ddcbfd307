/// The way out for messages that are sent again until the broker has them: finds the one for which the broker ends the
/// connection, so that it can be set aside and does not hold up all others for ever.
///
/// A broker that takes no more than so many bytes, and does not say so, hangs up; what was on its way then may be the
/// cause or may have been beside it. What was on its way twice goes alone, and what then goes wrong is its own.
package actor MQTTOutlet {
  /// How the tries of one message went. Whoever repeats the message keeps it.
  package struct Tries: Sendable, Equatable {
    /// Connections that broke while it was on its way with others, and alone.
    package private(set) var cutsInCompany = 0
    package private(set) var cutsAlone = 0

    package init() {}

    private static let suspiciousCuts = 2
    private static let provingCuts = 3

    package var goesAlone: Bool { cutsInCompany >= Self.suspiciousCuts }
    /// Nobody but the message itself can be the cause.
    package var areHopeless: Bool { cutsAlone >= Self.provingCuts }
    package var cuts: Int { cutsInCompany + cutsAlone }

    mutating func noteCut(reason: MQTTReasonCode?) {
      let isNamed = reason == .packetTooLarge
      if goesAlone { cutsAlone += isNamed ? Self.provingCuts : 1 } else { cutsInCompany += isNamed ? 2 : 1 }
    }
  }

  private nonisolated let client: MQTTClient
  private var isOpen: Bool
  /// Messages on their way.
  private(set) var underWay = 0
  private var isOneAlone = false
  private var waitingAlone = 0
  private var waiters: [UInt64: CheckedContinuation<Void, Never>] = [:]
  private var lastWaiter: UInt64 = 0

  /// Messages that wait for their turn.
  var waiting: Int { waiters.count }

  /// - Parameter isOpen: false: nothing goes out before `open()`.
  package init(_ client: MQTTClient, isOpen: Bool = true) {
    self.client = client
    self.isOpen = isOpen
  }

  package func open() {
    isOpen = true
    wakeAll()
  }

  /// What is under way goes on.
  package func close() { isOpen = false }

  /// Publishes when it is open, and the message's turn.
  ///
  /// - Parameter timeout: from then on.
  /// - Returns: as `MQTTClient.publish`.
  @discardableResult
  package func publish(
    topic: String, payload: [UInt8], qos: MQTTQualityOfService = .atLeastOnce, retain: Bool = false,
    isAdaptable: Bool = false, timeout: Duration = .seconds(5), tries: inout Tries
  ) async throws(MQTTError) -> MQTTReasonCode {
    let goesAlone = tries.goesAlone
    try await enter(alone: goesAlone)
    defer { leave(alone: goesAlone) }
    do throws(MQTTError) {
      let reason = try await client.publish(
        topic: topic, payload: payload, qos: qos, retain: retain, isAdaptable: isAdaptable, timeout: timeout)
      tries = Tries()
      return reason
    } catch {
      if error.code == .connectionLost, error.mayHaveArrived { tries.noteCut(reason: error.reasonCode) }
      throw error
    }
  }

  private func enter(alone: Bool) async throws(MQTTError) {
    if alone { waitingAlone += 1 }
    defer { if alone { waitingAlone -= 1 } }
    while true {
      if Task.isCancelled {
        // The others may have waited for this one alone.
        wakeAll()
        throw MQTTError(.cancelled, "cancelled while waiting for the broker")
      }
      let hasTurn = !isOneAlone && (alone ? underWay == 0 : waitingAlone == 0)
      if isOpen, hasTurn { break }
      await waitForChange()
    }
    underWay += 1
    isOneAlone = alone
  }

  private func leave(alone: Bool) {
    underWay -= 1
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
