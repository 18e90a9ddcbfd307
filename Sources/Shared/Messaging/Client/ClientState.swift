import Wire

/// What a client knows of its servers and of the requests under way, and what it does about them.
///
/// It does no I/O and keeps no time: events go in, actions come out.
struct ClientState<Request: Sendable>: Sendable {
  typealias Instant = ContinuousClock.Instant

  enum Action: Sendable {
    case connect(ConnectionID, endpoint: String)
    case disconnect(ConnectionID)
    case send(ConnectionID, call: UInt64, Request, remaining: Duration)
    case heartbeat(ConnectionID)
    /// Ends a call: the result has the payload of the response.
    case answer(Request, Result<ArraySlice<UInt8>, WireFailure>)
    /// Look the names up again.
    case resolve
  }

  struct Call: Sendable {
    let request: Request
    let isIdempotent: Bool
    let started: Instant
    let deadline: Instant
    /// Where it was sent last; nil while it waits for a server.
    var connection: ConnectionID?
    var attempts = 0
    /// Endpoints that answered that they can't do it now.
    var refusedBy: [String] = []
  }

  struct Server: Sendable {
    let endpoint: String
    var connection: ConnectionID
    var isOpen = false
    /// No longer among the addresses: finishes what it has and gets nothing new.
    var isRetired = false
    var outstanding = 0
    var unansweredHeartbeats = 0
    /// Said that it is overloaded: others are preferred until then.
    var avoidedUntil: Instant?
    /// Said that it is about to end: it still answers, and others are preferred.
    var isLeaving = false
    /// Takes nothing new, until there is a new connection to it.
    var isDraining = false
    /// Why it can't be talked to although it is there.
    var refusal: ConnectionRefusal?

    var takesRequests: Bool { isOpen && !isRetired && !isDraining }

    /// The lower, the better.
    func reluctance(now: Instant) -> Int {
      (avoidedUntil.map { $0 > now } ?? false ? 2 : 0) + (isLeaving ? 1 : 0)
    }
  }

  let name: String
  let options: RPCClientOptions
  /// The configured endpoints, each with what it resolved to last, or why it did not.
  var resolutions: [EndpointResolution]
  /// The addresses in use for each of them.
  var addressesByEndpoint: [[String]]
  var servers: [Server] = []
  var calls: [UInt64: Call] = [:]
  /// Calls without a server, oldest first. May name calls that are gone.
  var waiting: [UInt64] = []
  var lastConnection: UInt64 = 0
  var rotation = 0
  var nextHeartbeat: Instant
  /// When the newest request was begun.
  var lastBegun: Instant
  var nextResolve: Instant
  var lastResolve: Instant?
  var isClosed = false

  init(name: String, endpoints: [String], options: RPCClientOptions, now: Instant) {
    self.name = name
    self.options = options
    resolutions = endpoints.map { EndpointResolution(endpoint: $0, outcome: .success([])) }
    addressesByEndpoint = endpoints.map { _ in [] }
    nextHeartbeat = now + options.heartbeatInterval
    lastBegun = now
    nextResolve = now
  }

  /// Servers that requests can be sent to.
  var openServers: Int { servers.count { $0.takesRequests } }

  func index(of connection: ConnectionID) -> Int? {
    servers.firstIndex { $0.connection == connection }
  }

  /// The open server with the fewest requests under way, in turns, that `endpoints` does not name;
  /// one that said to be overloaded or about to end only if there is no other.
  mutating func pickServer(excluding endpoints: [String] = [], now: Instant) -> Int? {
    // Mostly there is nothing to choose from.
    if servers.count == 1, endpoints.isEmpty { return servers[0].takesRequests ? 0 : nil }
    var best: (index: Int, reluctance: Int, outstanding: Int)?
    for step in servers.indices {
      let index = (rotation + step) % servers.count
      let server = servers[index]
      guard server.takesRequests, !endpoints.contains(server.endpoint) else { continue }
      let reluctance = server.reluctance(now: now)
      if let best, (best.reluctance, best.outstanding) <= (reluctance, server.outstanding) { continue }
      best = (index, reluctance, server.outstanding)
    }
    guard let best else { return nil }
    rotation = (best.index + 1) % servers.count
    return best.index
  }
}

/// What a configured `endpoint` stands for.
struct EndpointResolution: Sendable {
  let endpoint: String

  /// Addresses that a transport can connect to, or why there are none, for people.
  let outcome: Result<[String], ResolutionError>

  init(endpoint: String, outcome: Result<[String], ResolutionError>) {
    self.endpoint = endpoint
    self.outcome = outcome
  }
}

/// Why an endpoint stands for no address, for people.
package struct ResolutionError: Error, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
