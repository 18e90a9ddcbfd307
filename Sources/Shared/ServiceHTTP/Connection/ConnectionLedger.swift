import Metrics
import NIOCore
import ServiceKit
import Synchronization

/// Who has how many of a server's connections, and who gives way when there are no more.
///
/// A connection counts for its address until its client has shown good credentials, a certificate or a token; from then
/// on it counts for them alone. An address that has its share, and a server that is full, drop for each new connection
/// the one that has waited for nothing the longest and has shown no credentials: of that address, or of the one that
/// has most. Where there is none the one goes that has been at it for longest of those whose request or answer is on its
/// way, or that wait for something to happen: neither slow clients nor patient ones keep others out. Only where the
/// server works for all of them is the new one told to come again; it may still take the place of an unknown one by its
/// certificate.
final class ConnectionLedger: Sendable {
  /// One connection.
  final class Entry: Sendable {
    /// The connection whose requests the current task answers.
    @TaskLocal static var current: Entry?

    fileprivate let address: String
    fileprivate let cut: @Sendable () -> Void
    private let ledger: ConnectionLedger
    /// Whether a request waits for its answer. Set by the connection's event loop alone.
    private let busy = Atomic(false)
    /// Whether it may be dropped although it is busy.
    private let mayGo = Atomic(false)
    private let lastUse: Atomic<UInt64>
    fileprivate let admitted = Atomic(true)

    fileprivate init(_ address: String, _ ledger: ConnectionLedger, now: UInt64, cut: @escaping @Sendable () -> Void) {
      self.address = address
      self.ledger = ledger
      self.cut = cut
      lastUse = Atomic(now)
    }

    var isBusy: Bool {
      get { busy.load(ordering: .relaxed) }
      set {
        busy.store(newValue, ordering: .relaxed)
        lastUse.store(ledger.clock(), ordering: .relaxed)
      }
    }

    /// Whether it may be dropped although it is busy, where nobody is idle: the rest of its request is still to come, its
    /// answer is on the way, or it waits for something to happen.
    var givesWay: Bool {
      get { mayGo.load(ordering: .relaxed) }
      set { mayGo.store(newValue, ordering: .relaxed) }
    }

    fileprivate var idleSince: UInt64 { lastUse.load(ordering: .relaxed) }

    /// Whether the server is about to end, so that this connection is to end with its next answer.
    var isLast: Bool { ledger.isLeaving.load(ordering: .relaxed) }

    /// Whether there was room for the connection. A connection without room is only told so.
    var isAdmitted: Bool { admitted.load(ordering: .relaxed) }

    /// The client has shown credentials.
    ///
    /// - Parameter credential: tells it from others: one can't vouch for all connections of a server.
    func vouch(by credential: String) { ledger.vouch(self, credential) }

    func closed() { ledger.closed(self) }
  }

  private struct State {
    /// Connections without credentials, by address.
    var unknown: [String: [ObjectIdentifier: Entry]] = [:]
    var unknownCount = 0
    /// How many connections show each certificate or token.
    var known: [String: Int] = [:]
    var credentials: [ObjectIdentifier: String] = [:]
    /// Connections that are only told that there is no room.
    var waiting: [ObjectIdentifier: Entry] = [:]
    var highest = 0

    var count: Int { unknownCount + credentials.count }
  }

  private let maximum: Int
  private let perAddress: Int
  /// The most connections of one certificate or token.
  private let perCredential: Int
  /// How many connections are held open to be told that there is no room, of all addresses and of one.
  private static let maximumWaiting = 128
  private static let maximumWaitingOfOne = 16

  private let state = Mutex(State())
  private let isLeaving = Atomic(false)
  /// Nanoseconds, ever growing.
  private let clock: @Sendable () -> UInt64
  private let dropped = Counter(label: "http_server_dropped_connections_total", dimensions: [("reason", "idle")])
  private let refused = Counter(label: "http_server_dropped_connections_total", dimensions: [("reason", "no-room")])

  init(limits: HTTPLimits, clock: @escaping @Sendable () -> UInt64 = ConnectionLedger.monotonic) {
    maximum = limits.maximumConnections
    perAddress = min(limits.connectionsPerAddress, limits.maximumConnections)
    perCredential = max(1, limits.maximumConnections / 4)
    self.clock = clock
  }

  /// - Parameters:
  ///   - source: the peer's address.
  ///   - cut: closes the connection at once, from any thread.
  /// - Returns: nil if there is not even room to say that there is none; it is to be closed then.
  func open(_ source: String, cut: @escaping @Sendable () -> Void) -> Entry? {
    let entry = Entry(AddressKey.of(source), self, now: clock(), cut: cut)
    let (outcome, victim) = state.withLock { state -> (Entry?, Entry?) in
      var victim: Entry?
      let own = state.unknown[entry.address]?.count ?? 0
      if own >= perAddress {
        victim = Self.leastAtWork(state.unknown[entry.address])
        guard victim != nil else { return (Self.wait(entry, &state), nil) }
      } else if state.count >= maximum {
        victim = Self.leastAtWork(ofMost: state)
        guard victim != nil else { return (Self.wait(entry, &state), nil) }
      }
      if let victim { Self.forget(victim, &state) }
      state.unknown[entry.address, default: [:]][ObjectIdentifier(entry)] = entry
      state.unknownCount += 1
      state.highest = max(state.highest, state.count)
      return (entry, victim)
    }
    if let victim {
      dropped.increment()
      victim.cut()
    }
    if outcome?.isAdmitted != true { refused.increment() }
    return outcome
  }

  /// For a connection that is about to be closed, and that nobody counts.
  func stranger(_ source: String) -> Entry {
    let entry = Entry(AddressKey.of(source), self, now: clock()) {}
    entry.admitted.store(false, ordering: .relaxed)
    return entry
  }

  private static func wait(_ entry: Entry, _ state: inout State) -> Entry? {
    guard state.waiting.count < maximumWaiting,
      state.waiting.values.count(where: { $0.address == entry.address }) < maximumWaitingOfOne
    else { return nil }
    entry.admitted.store(false, ordering: .relaxed)
    state.waiting[ObjectIdentifier(entry)] = entry
    return entry
  }

  private func vouch(_ entry: Entry, _ credential: String) {
    let victim = state.withLock { state -> Entry? in
      let id = ObjectIdentifier(entry)
      guard state.credentials[id] == nil, state.known[credential, default: 0] < perCredential else { return nil }
      var victim: Entry?
      if state.waiting[id] != nil {
        if state.count >= maximum {
          // Whoever is known goes before whoever is not, also before one that is being answered.
          victim = Self.leastAtWork(ofMost: state) ?? Self.longestBusy(state)
          guard victim != nil else { return nil }
        }
        state.waiting[id] = nil
        entry.admitted.store(true, ordering: .relaxed)
      } else if state.unknown[entry.address]?[id] == nil {
        // It was dropped a moment ago.
        return nil
      }
      Self.forget(entry, &state)
      if let victim { Self.forget(victim, &state) }
      state.known[credential, default: 0] += 1
      state.credentials[id] = credential
      state.highest = max(state.highest, state.count)
      return victim
    }
    guard let victim else { return }
    dropped.increment()
    victim.cut()
  }

  private func closed(_ entry: Entry) {
    state.withLock { state in
      let id = ObjectIdentifier(entry)
      state.waiting[id] = nil
      Self.forget(entry, &state)
      guard let credential = state.credentials.removeValue(forKey: id) else { return }
      let left = (state.known[credential] ?? 1) - 1
      state.known[credential] = left > 0 ? left : nil
    }
  }

  /// Takes it from those without credentials, if it is one of them.
  private static func forget(_ entry: Entry, _ state: inout State) {
    guard state.unknown[entry.address]?.removeValue(forKey: ObjectIdentifier(entry)) != nil else { return }
    state.unknownCount -= 1
    if state.unknown[entry.address]?.isEmpty == true { state.unknown[entry.address] = nil }
  }

  /// The one that has been idle longest, or else the one that has been busy longest of those that give way.
  private static func leastAtWork(_ entries: [ObjectIdentifier: Entry]?) -> Entry? {
    guard let entries = entries?.values else { return nil }
    return entries.filter { !$0.isBusy }.min { $0.idleSince < $1.idleSince }
      ?? entries.filter(\.givesWay).min { $0.idleSince < $1.idleSince }
  }

  private static func leastAtWork(ofMost state: State) -> Entry? {
    for entries in state.unknown.values.sorted(by: { $0.count > $1.count }) {
      if let entry = leastAtWork(entries) { return entry }
    }
    return nil
  }

  private static func longestBusy(_ state: State) -> Entry? {
    state.unknown.values.max { $0.count < $1.count }?.values.min { $0.idleSince < $1.idleSince }
  }

  /// The server is about to end.
  func leave() { isLeaving.store(true, ordering: .relaxed) }

  /// How many there are, and how many there were at most since this was asked before.
  func level() -> (current: Int, highest: Int) {
    state.withLock { state in
      defer { state.highest = state.count }
      return (state.count, state.highest)
    }
  }

  @Sendable static func monotonic() -> UInt64 { NIODeadline.now().uptimeNanoseconds }
}
