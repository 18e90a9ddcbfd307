import Foundations
package import Logging
import Metrics
import ServiceLifecycle
import SwiftProtobuf
import Synchronization
package import Wire

/// Sends requests to the servers of one service, wherever they are.
///
/// Every address that an endpoint resolves to is a server of its own. Requests go to the one with the fewest under
/// way. Idempotent requests go to another server when theirs dies or refuses; others only when it certainly did not
/// begin them. While no server is there that takes requests, they wait until their deadline.
///
/// `run` does the work and may be called once; requests that were made before wait for it.
package final class RPCClient: Service, RPCCaller {
  /// What is needed to send a request, and to answer its caller.
  final class Outgoing: Sendable {
    let kind: String
    let payload: [UInt8]
    let traceParent: String
    let requestID: String
    /// Resumed once, by whoever takes the request out of the state machine.
    let continuation: UnsafeContinuation<Result<ArraySlice<UInt8>, WireFailure>, Never>

    init(
      kind: String, payload: [UInt8], traceParent: String, requestID: String,
      continuation: UnsafeContinuation<Result<ArraySlice<UInt8>, WireFailure>, Never>
    ) {
      self.kind = kind
      self.payload = payload
      self.traceParent = traceParent
      self.requestID = requestID
      self.continuation = continuation
    }
  }

  struct State {
    var machine: ClientState<Outgoing>
    var dialer: (any TransportDialer)?
    var metrics: [String: RPCMetrics] = [:]
    /// When the timer calls at the latest.
    var wakeUp: ContinuousClock.Instant?
  }

  let name: String
  let logger: Logger
  let options: RPCClientOptions
  let state: Mutex<State>
  let timer: DeadlineTimer
  let endpoints: [String]
  let resolver: any EndpointResolver
  let lookUps: AsyncStream<Void>
  let lookUp: AsyncStream<Void>.Continuation
  /// The first half of every correlation ID of this client.
  let correlationPrefix = UInt64.random(in: .min ... .max)
  let strays: Counter
  let unsent: Counter
  private let outstanding: Gauge
  private let connected: Gauge
  private let lastCall = Atomic<UInt64>(0)
  private let transport: any MessageTransport

  /// - Parameters:
  ///   - name: of the service that it asks, in messages, logs and metrics.
  ///   - endpoints: `tcp://host:port` or `ipc:///path`; each may stand for several servers.
  package init(
    name: String, endpoints: [String], options: RPCClientOptions = .standard,
    transport: any MessageTransport = ZeroMQTransport(), resolver: any EndpointResolver = SystemEndpointResolver(),
    logger: Logger
  ) {
    self.name = name
    self.endpoints = endpoints
    self.options = options
    self.transport = transport
    self.resolver = resolver
    self.logger = logger
    state = Mutex(State(machine: ClientState(name: name, endpoints: endpoints, options: options, now: .now)))
    timer = DeadlineTimer(label: "rpc-client-\(name)")
    (lookUps, lookUp) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    strays = Counter(label: "rpc_client_stray_frames_total", dimensions: [("name", name)])
    unsent = Counter(label: "rpc_client_unsent_frames_total", dimensions: [("name", name)])
    outstanding = Gauge(label: "rpc_client_outstanding_requests", dimensions: [("name", name)])
    connected = Gauge(label: "rpc_client_connected_servers", dimensions: [("name", name)])
    // Deadlines hold whether or not `run` runs.
    timer.start { [weak self] in self?.tick() }
  }

  package func run() async throws {
    let dialer = try await transport.makeDialer(options: options.transport) { [weak self] events in
      self?.receive(events)
    }
    state.withLock { $0.dialer = dialer }
    tick()
    await withTaskGroup { group in
      group.addTask {
        for await _ in self.lookUps { await self.resolve() }
      }
      // Ends by graceful shutdown or by cancellation.
      try? await gracefulShutdown()
      group.cancelAll()
    }
    perform(state.withLock { $0.machine.close() })
    timer.stop()
    await dialer.close()
    state.withLock { $0.dialer = nil }
  }

  /// Runs tasks where answers arrive, once `run` runs: for tasks that make one call after another and do
  /// little in between.
  package var executor: (any TaskExecutor)? { state.withLock { $0.dialer?.executor } }

  /// Sends a request and waits for its answer, as ``RPCCaller`` describes. Cancelling the task ends the wait.
  package nonisolated(nonsending) func call<R: WireRequest>(
    _ request: R, deadline: Duration = .seconds(5), traceParent: String? = nil
  ) async throws(WireFailure) -> R.Response {
    let started = ContinuousClock.now
    let metrics = metrics(for: R.kind)
    let trace = TraceContext.current
    do throws(WireFailure) {
      let payload = try encode(request)
      let answer = try await exchange(
        kind: R.kind, isIdempotent: R.isIdempotent, payload: payload,
        traceParent: traceParent ?? trace?.description ?? "", requestID: trace?.requestID ?? "", started: started,
        deadline: started + deadline
      ).get()
      let response: R.Response = try decode(answer, of: R.kind)
      metrics.record(since: started, failure: nil)
      return response
    } catch {
      metrics.record(since: started, failure: error.code)
      throw error
    }
  }

  private nonisolated(nonsending) func exchange(
    kind: String, isIdempotent: Bool, payload: [UInt8], traceParent: String, requestID: String,
    started: ContinuousClock.Instant, deadline: ContinuousClock.Instant
  ) async -> Result<ArraySlice<UInt8>, WireFailure> {
    let number = lastCall.add(1, ordering: .relaxed).newValue
    return await withTaskCancellationHandler {
      await withUnsafeContinuation { continuation in
        let outgoing = Outgoing(
          kind: kind, payload: payload, traceParent: traceParent, requestID: requestID, continuation: continuation)
        let (action, dialer, wakeUp) = state.withLock { state in
          let action = state.machine.submit(
            number, outgoing, isIdempotent: isIdempotent, deadline: deadline, now: started)
          let due = min(deadline, state.machine.nextHeartbeat)
          let mustArm = state.wakeUp.map { due < $0 } ?? true
          if mustArm { state.wakeUp = due }
          return (action, state.dialer, mustArm ? due : nil)
        }
        if let wakeUp { timer.arm(for: wakeUp) }
        if let action { perform(action, dialer: dialer) }
        // The handler below may have run before there was anything to cancel.
        if Task.isCancelled { cancel(number) }
      }
    } onCancel: {
      cancel(number)
    }
  }

  private func cancel(_ number: UInt64) {
    if let action = state.withLock({ $0.machine.cancel(number) }) { perform([action]) }
  }

  private func metrics(for kind: String) -> RPCMetrics {
    state.withLock { state in
      if let metrics = state.metrics[kind] { return metrics }
      let metrics = RPCMetrics(side: "client", name: name, kind: kind)
      state.metrics[kind] = metrics
      return metrics
    }
  }

  // MARK: Time

  func tick() {
    var actions: [ClientState<Outgoing>.Action] = []
    let (next, calls, servers) = state.withLock { state in
      let next = state.machine.tick(now: .now, actions: &actions)
      state.wakeUp = next
      return (next, state.machine.calls.count, state.machine.openServers)
    }
    outstanding.record(calls)
    connected.record(servers)
    perform(actions)
    if let next { timer.arm(for: next) }
  }

  private func resolve() async {
    var found: [EndpointResolution] = []
    for endpoint in endpoints {
      do throws(ResolutionError) {
        found.append(
          EndpointResolution(endpoint: endpoint, outcome: .success(try await resolver.addresses(of: endpoint))))
      } catch {
        found.append(EndpointResolution(endpoint: endpoint, outcome: .failure(error)))
      }
    }
    var actions: [ClientState<Outgoing>.Action] = []
    state.withLock { $0.machine.resolved(found, now: .now, actions: &actions) }
    perform(actions)
  }
}
