package import Logging
import Metrics
import ServiceLifecycle
import Synchronization
import Wire

/// Answers requests on one address.
///
/// `run` listens until graceful shutdown: then it finishes the handlers that run, for at most
/// ``RPCServerLimits/shutdownGrace``, and refuses everything else with `unavailable`. It runs once.
package final class RPCServer: Service {
  final class Route: Sendable {
    let kind: String
    let roles: BusRoles
    let handler: RPCRouter.Handler
    let metrics: RPCMetrics

    init(kind: String, _ entry: RPCRouter.Entry, metrics: RPCMetrics) {
      self.kind = kind
      roles = entry.roles
      handler = entry.handler
      self.metrics = metrics
    }

    func allows(_ peer: PeerID) -> Bool {
      guard let identity = peer.identity else { return true }
      return roles.contains(BusRoles(identity.role))
    }
  }

  /// A worker's task. Its owner may be reached only while the worker is in `State.workers`.
  struct WorkerTask: @unchecked Sendable {
    // Sound: a worker enters its task into the state, and takes it out before it ends, under the
    // same lock under which others cancel it; and cancelling is allowed from any task.
    let task: UnsafeCurrentTask
  }

  struct State {
    var admission: ServerAdmission<ServerJob>
    var listener: (any TransportListener)?
    /// What came while `run` had not got its listener yet.
    var early: [PeerFrame] = []
    var workers: [Int: WorkerTask] = [:]
    /// Resumed once, by whoever takes it out.
    var idle: [Int: UnsafeContinuation<Void, Never>] = [:]
    var abandonAt: ContinuousClock.Instant?
    var outcome: Result<String, any Error>?
  }

  let name: String
  let limits: RPCServerLimits
  let logger: Logger
  let routes: [String: Route]
  let state: Mutex<State>
  let timer: DeadlineTimer
  let spawns: AsyncStream<Int>
  let spawn: AsyncStream<Int>.Continuation
  let garbage: Counter
  let unsupported: Counter
  let denied: Counter
  let load: ServerLoad
  let denials = Mutex(OccasionalReport())
  let onDenial: (@Sendable (_ peer: BusPeer, _ kind: String) -> Void)?
  /// Whether clients are told to send new requests elsewhere.
  let isLeaving = Atomic(false)
  private let endpoint: String
  private let transport: any MessageTransport
  private let settled = Latch()

  /// - Parameters:
  ///   - name: of the service, in logs and metrics.
  ///   - endpoint: `tcp://127.0.0.1:7102`; `tcp://*:7102` for all IPv4 addresses of the machine,
  ///     `tcp://[::]:7102` for those of IPv6 too; port 0 for any free one; `ipc:///path`.
  ///   - onDenial: told of each request that its sender's role may not send. Must not block.
  package init(
    name: String, listening endpoint: String, router: RPCRouter, limits: RPCServerLimits = .standard,
    transport: any MessageTransport = ZeroMQTransport(),
    onDenial: (@Sendable (_ peer: BusPeer, _ kind: String) -> Void)? = nil, logger: Logger
  ) {
    self.name = name
    self.onDenial = onDenial
    self.endpoint = endpoint
    self.limits = limits
    self.transport = transport
    self.logger = logger
    routes = Dictionary(
      uniqueKeysWithValues: router.entries.map { kind, entry in
        (kind, Route(kind: kind, entry, metrics: RPCMetrics(side: "server", name: name, kind: kind)))
      })
    state = Mutex(
      State(admission: ServerAdmission(concurrency: limits.concurrency, capacity: limits.queuedRequests)))
    timer = DeadlineTimer(label: "rpc-server-\(name)")
    // Holds at most one element a worker, and workers are bounded.
    (spawns, spawn) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(max(limits.concurrency, 1) * 2))
    garbage = Counter(label: "rpc_server_garbage_frames_total", dimensions: [("name", name)])
    unsupported = Counter(label: "rpc_server_unsupported_total", dimensions: [("name", name)])
    denied = Counter(label: "rpc_server_denied_total", dimensions: [("name", name)])
    load = ServerLoad(name: name)
  }

  /// The address in use, with the port that was found if port 0 was asked for. Waits until `run` listens.
  ///
  /// - Throws: ``TransportError`` if `run` could not listen.
  package func boundAddress() async throws -> String {
    try await settled.waitUnlessCancelled()
    guard let outcome = state.withLock({ $0.outcome }) else { throw CancellationError() }
    return try outcome.get()
  }

  /// Tells each client, with the next sign of life that it asks for, to send new requests to another server. This one
  /// goes on answering until it is shut down.
  package func leave() { isLeaving.store(true, ordering: .relaxed) }

  package func run() async throws {
    let listener: any TransportListener
    do {
      listener = try await transport.listen(on: endpoint, options: limits.transport) { [weak self] frames in
        self?.receive(frames)
      }
    } catch {
      settle(.failure(error))
      throw error
    }
    timer.start { [weak self] in self?.tick() }
    start(listener)
    logger.info("answering requests", metadata: ["endpoint": "\(listener.endpoint)"])
    await withTaskCancellationHandler {
      await withGracefulShutdownHandler {
        await withDiscardingTaskGroup { group in
          for await worker in spawns {
            // Where frames arrive, so that a quick request needs no other thread.
            group.addTask(executorPreference: listener.executor) { await self.work(worker) }
          }
          // Everything owed is answered; handlers that ignore their cancellation hold up only `run`.
          await listener.close()
        }
      } onGracefulShutdown: {
        self.beginShutdown(grace: self.limits.shutdownGrace)
      }
    } onCancel: {
      self.beginShutdown(grace: .zero)
    }
    timer.stop()
    state.withLock { $0.listener = nil }
    logger.info("stopped answering requests", metadata: ["endpoint": "\(listener.endpoint)"])
  }

  private func settle(_ outcome: Result<String, any Error>) {
    state.withLock { $0.outcome = outcome }
    settled.open()
  }

  private func start(_ listener: any TransportListener) {
    let early = state.withLock { state in
      state.listener = listener
      defer { state.early = [] }
      return state.early
    }
    settle(.success(listener.endpoint))
    if !early.isEmpty { receive(early) }
  }
}
