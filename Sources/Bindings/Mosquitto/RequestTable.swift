import DequeModule

/// Something asked of the broker that it answers.
enum Request: Sendable, Equatable {
  case publish(Publication)
  case subscribe(Subscription)
  case unsubscribe(filter: String)
  /// Nothing is sent: done as soon as there is a connection.
  case awaitConnection

  /// Whether the outcome is final at the end of the connection that the request was sent on.
  var endsWithConnection: Bool {
    switch self {
    case .publish: true
    case .subscribe(let subscription): !subscription.isKept
    case .unsubscribe, .awaitConnection: false
    }
  }
}

struct Publication: Sendable, Equatable {
  var topic: String
  var payload: [UInt8]
  var qos: MQTTQualityOfService
  var retain: Bool
  /// Seconds after which the broker drops it undelivered; nil: never.
  var expirySeconds: UInt32?
  var userProperties: [MQTTUserProperty] = []
  /// Sent with a lower QoS, or not kept, where the broker offers no more.
  var isAdaptable = false

  func fitting(_ limits: MQTTBrokerLimits) -> Publication {
    guard isAdaptable else { return self }
    var copy = self
    if limits.maximumQoS == .atMostOnce { copy.qos = .atMostOnce }
    copy.retain = retain && limits.keepsMessages
    return copy
  }
}

struct Subscription: Sendable, Equatable {
  var filter: String
  var qos: MQTTQualityOfService
  /// Asked for again on every connection. Otherwise it ends with its connection, as a publication does.
  var isKept = true
  /// The client's own, because there is a new connection.
  var isRenewal = false
}

/// Every request from its start to its outcome: the rules of waiting, window, time limits and lost
/// connections, without any I/O. The network thread does what `nextToSend` says.
///
/// The outcome of a publish, and of a subscription that is not kept, is final at the end of the connection it was sent
/// on: the library's own repeat on the next connection is thrown away with the library's handle, so that what was
/// reported as failed is not delivered later.
struct RequestTable<Waiter: Sendable>: Sendable {
  typealias ID = UInt64

  struct Completion: Sendable {
    var waiter: Waiter
    var result: Result<UInt8, MQTTError>
  }

  struct Entry: Sendable {
    var request: Request
    /// Who waits for the outcome; nil once it was told, or for a subscription that the client itself renews.
    var waiter: Waiter?
    var deadline: ContinuousClock.Instant?
    /// The library's message ID once it was sent.
    var messageID: Int32?
  }

  private let maximumInFlight: Int
  private let maximumQueued: Int

  private(set) var isConnected = false
  private var nextID: ID = 0
  private var entries: [ID: Entry] = [:]
  private var byMessageID: [Int32: ID] = [:]
  private var publishQueue: Deque<ID> = []
  private var controlQueue: Deque<ID> = []
  /// Publishes sent and not acknowledged, told or not: each takes a place of the window.
  private(set) var inFlight = 0
  private var window: Int
  /// What the broker granted and is still wanted. It is asked for again on every connection: a session that the broker
  /// kept may be one from before it, or lack what an acknowledgement that was lost had granted.
  private(set) var subscriptions: [Subscription] = []
  /// At or before the first deadline of any entry; exact after `expire`.
  private(set) var nextDeadline: ContinuousClock.Instant?

  init(maximumInFlight: Int, maximumQueued: Int) {
    self.maximumInFlight = maximumInFlight
    self.maximumQueued = maximumQueued
    self.window = maximumInFlight
  }

  var waiting: Int { entries.count - inFlight }

  // MARK: from callers

  /// Takes a request in, or says at once why not.
  ///
  /// - Returns: nil when it is done already, and the waiter was not kept.
  mutating func submit(
    _ request: Request, waiter: Waiter, deadline: ContinuousClock.Instant?
  ) -> Result<ID?, MQTTError> {
    // Who looked whether there is a connection may have done so just before it was made.
    if request == .awaitConnection, isConnected { return .success(nil) }
    if request.endsWithConnection, !isConnected {
      return .failure(MQTTError(.notConnected, "not connected to the broker: nothing was sent; try again later"))
    }
    guard waiting < maximumQueued else {
      return .failure(
        MQTTError(.overloaded, "\(maximumQueued) requests wait for the broker already: try again later"))
    }
    switch request {
    case .subscribe(let subscription):
      // The client's own repeat is under way: its answer is the answer.
      if let id = renewal(of: subscription) {
        entries[id]?.waiter = waiter
        entries[id]?.deadline = deadline
        if let deadline { nextDeadline = nextDeadline.map { min($0, deadline) } ?? deadline }
        return .success(id)
      }
    case .unsubscribe(let filter): forget(filter)
    case .publish, .awaitConnection: break
    }
    return .success(insert(request, waiter: waiter, deadline: deadline))
  }

  /// Ends the wait of a cancelled task.
  mutating func cancel(_ id: ID) -> Completion? {
    end(id, with: MQTTError(.cancelled, "cancelled while waiting for the broker"))
  }

  // MARK: from the network thread

  mutating func connected(receiveMaximum: UInt16?) -> [Completion] {
    isConnected = true
    window = min(maximumInFlight, receiveMaximum.map(Int.init) ?? maximumInFlight)
    for var subscription in subscriptions {
      subscription.isRenewal = true
      _ = insert(.subscribe(subscription), waiter: nil, deadline: nil)
    }
    let waiting = entries.filter { $0.value.request == .awaitConnection }.map(\.key)
    return waiting.compactMap { remove($0, result: .success(0)) }
  }

  /// The next request to hand to the library, if the window has room.
  mutating func nextToSend() -> (id: ID, request: Request)? {
    guard isConnected else { return nil }
    while let id = controlQueue.popFirst() {
      if let entry = entries[id] { return (id, entry.request) }
    }
    while inFlight < window, let id = publishQueue.popFirst() {
      // Ended entries leave their ID in the queue.
      if let entry = entries[id] { return (id, entry.request) }
    }
    return nil
  }

  mutating func sent(_ id: ID, messageID: Int32) {
    guard let entry = entries[id] else { return }
    entries[id]?.messageID = messageID
    byMessageID[messageID] = id
    if case .publish = entry.request { inFlight += 1 }
  }

  mutating func failed(_ id: ID, _ error: MQTTError) -> Completion? {
    remove(id, result: .failure(error))
  }

  /// The broker answered a publish, subscribe or unsubscribe.
  mutating func answered(
    messageID: Int32, reason: MQTTReasonCode
  ) -> (completion: Completion?, event: MQTTConnectionEvent?) {
    guard let id = byMessageID[messageID], let entry = entries[id] else { return (nil, nil) }
    var event: MQTTConnectionEvent?
    var result: Result<UInt8, MQTTError> = .success(reason.rawValue)
    switch entry.request {
    case .publish(let publication) where reason.isFailure:
      result = .failure(
        MQTTError(
          .refused, "the broker refused the message to \(publication.topic): \(reason)", reasonCode: reason))
    case .subscribe(let subscription):
      forget(subscription.filter)
      if reason.isFailure {
        let error = MQTTError(
          .refused, "the broker refused the subscription to \(subscription.filter): \(reason)",
          reasonCode: reason)
        result = .failure(error)
        if entry.waiter == nil, subscription.isKept {
          event = .subscriptionLost(filter: subscription.filter, error)
        }
      } else {
        var granted = subscription
        granted.isRenewal = false
        // Who ended it meanwhile does not want it again.
        if subscription.isKept, !isEnding(subscription.filter) { subscriptions.append(granted) }
      }
    case .unsubscribe(let filter):
      if reason.isFailure {
        result = .failure(
          MQTTError(.refused, "the broker refused to end \(filter): \(reason)", reasonCode: reason))
      } else {
        forget(filter)
      }
    case .publish, .awaitConnection: break
    }
    return (remove(id, result: result), event)
  }

  /// Filters are bytes to a broker.
  private mutating func forget(_ filter: String) {
    subscriptions.removeAll { $0.filter.utf8.elementsEqual(filter.utf8) }
  }

  /// Ends what has waited too long.
  mutating func expire(now: ContinuousClock.Instant) -> [Completion] {
    guard let next = nextDeadline, next <= now else { return [] }
    let late = entries.filter { $0.value.deadline.map { $0 <= now } ?? false }.map(\.key)
    let error = MQTTError(.timedOut, "the broker did not answer in time: it is stuck or out of reach")
    let completions = late.compactMap { end($0, with: error) }
    nextDeadline = entries.values.compactMap(\.deadline).min()
    return completions
  }

  /// The connection broke: publishes end here, subscriptions wait for the next one.
  mutating func connectionLost(_ error: MQTTError) -> [Completion] {
    isConnected = false
    var completions: [Completion] = []
    for (id, entry) in entries {
      if entry.request.endsWithConnection {
        let told = entry.messageID == nil ? error.endingConnection() : error.endingConnection().afterSending()
        if let completion = remove(id, result: .failure(told)) { completions.append(completion) }
        continue
      }
      switch entry.request {
      case .subscribe, .unsubscribe:
        if entry.waiter == nil {
          _ = remove(id, result: .failure(error))
        } else if let messageID = entry.messageID {
          byMessageID[messageID] = nil
          entries[id]?.messageID = nil
          controlQueue.append(id)
        }
      case .publish, .awaitConnection: break
      }
    }
    return completions
  }

  /// The client closes: nothing waits any longer.
  mutating func closeAll() -> [Completion] {
    isConnected = false
    let error = MQTTError(.closed, "the MQTT client was closed")
    return Array(entries.keys).compactMap { id in
      remove(id, result: .failure(entries[id]?.messageID == nil ? error : error.afterSending()))
    }
  }

  // MARK: -

  private func renewal(of subscription: Subscription) -> ID? {
    entries.first { _, entry in
      guard entry.waiter == nil, case .subscribe(let own) = entry.request else { return false }
      return own.isRenewal && own.filter.utf8.elementsEqual(subscription.filter.utf8) && own.qos == subscription.qos
    }?.key
  }

  private func isEnding(_ filter: String) -> Bool {
    entries.values.contains { entry in
      if case .unsubscribe(let other) = entry.request { other.utf8.elementsEqual(filter.utf8) } else { false }
    }
  }

  private mutating func insert(
    _ request: Request, waiter: Waiter?, deadline: ContinuousClock.Instant?
  ) -> ID {
    nextID += 1
    entries[nextID] = Entry(request: request, waiter: waiter, deadline: deadline, messageID: nil)
    switch request {
    case .publish: publishQueue.append(nextID)
    case .subscribe, .unsubscribe: controlQueue.append(nextID)
    case .awaitConnection: break
    }
    if let deadline { nextDeadline = nextDeadline.map { min($0, deadline) } ?? deadline }
    return nextID
  }

  /// Tells the waiter; what the library already has stays in the table until the broker answers or
  /// the connection ends, because it still takes a place of the window.
  private mutating func end(_ id: ID, with error: MQTTError) -> Completion? {
    guard let entry = entries[id] else { return nil }
    guard entry.messageID != nil else { return remove(id, result: .failure(error)) }
    entries[id]?.waiter = nil
    entries[id]?.deadline = nil
    return entry.waiter.map { Completion(waiter: $0, result: .failure(error.afterSending())) }
  }

  private mutating func remove(_ id: ID, result: Result<UInt8, MQTTError>) -> Completion? {
    guard let entry = entries.removeValue(forKey: id) else { return nil }
    if let messageID = entry.messageID {
      byMessageID[messageID] = nil
      if case .publish = entry.request { inFlight -= 1 }
    }
    return entry.waiter.map { Completion(waiter: $0, result: result) }
  }
}
