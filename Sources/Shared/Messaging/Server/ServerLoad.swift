import Metrics
import Synchronization

/// How much a server has to do, and what it could not send, as metrics.
final class ServerLoad: Sendable {
  private let queued: Gauge
  private let running: Gauge
  private let dropped: Counter
  /// How many dropped frames are counted.
  private let counted = Mutex(0)

  init(name: String) {
    let dimensions = [("name", name)]
    queued = Gauge(label: "rpc_server_queued_requests", dimensions: dimensions)
    running = Gauge(label: "rpc_server_running_requests", dimensions: dimensions)
    dropped = Counter(label: "rpc_server_dropped_frames_total", dimensions: dimensions)
  }

  func record(queued: Int, running: Int, droppedFrames: Int) {
    self.queued.record(queued)
    self.running.record(running)
    let new = counted.withLock { counted in
      defer { counted = max(counted, droppedFrames) }
      return droppedFrames - counted
    }
    if new > 0 { dropped.increment(by: new) }
  }
}

extension RPCServer {
  /// Brings the metrics of its load up to date. To be called before they are read: they change with every request.
  package func recordLoad() {
    let (queued, running, listener) = state.withLock { state in
      (state.admission.queuedCount, state.admission.runningCount, state.listener)
    }
    load.record(queued: queued, running: running, droppedFrames: listener?.droppedFrames ?? 0)
  }
}
