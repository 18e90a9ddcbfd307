import AppLink
import Foundations
import Synchronization
import Wire
import ZeroMQ

/// An app in a process of its own, as the agent's tasks see it. Its thread does the work.
final class AppProcess: RunningApp {
  /// What the agent's tasks have asked of the thread.
  struct Requests {
    /// What the process is to run; nil: it waits to be told.
    var launch: AppLaunch?
    /// Nothing can be launched in it any more.
    var isExpired = false
    var messages: [WireToApp] = []
    var isActivated = false
    /// Monotonic nanoseconds when to kill the process.
    var killAt: UInt64?
    var isStopRequested = false
    /// Set once the process has ended.
    var lastWords: String?
    var isGone = false
    var waiters: [CheckedContinuation<Void, Never>] = []
  }

  /// Deliveries that may wait for the thread; more are dropped, which the bound of the publish queue prevents.
  private static let capacity = 1024
  /// Messages from the broker can be large, and more of them come as their senders like.
  private static let messageCapacity = 64

  let processIdentifier: Int32
  let buffer = AppEventBuffer()
  let events: AsyncStream<AppEvent>
  let signal: WakeSignal
  let requests = Mutex(Requests())

  init(processIdentifier: Int32, launch: AppLaunch?, signal: WakeSignal) {
    self.processIdentifier = processIdentifier
    self.signal = signal
    events = buffer.stream
    requests.withLock { $0.launch = launch }
  }

  /// Has the process run this. False: it waited for too long, or is gone.
  func begin(_ launch: AppLaunch) -> Bool {
    let isTaken = requests.withLock { requests in
      guard !requests.isGone, !requests.isExpired, requests.launch == nil else { return false }
      requests.launch = launch
      return true
    }
    if isTaken { signal.raise() }
    return isTaken
  }

  /// Whether it waits to be told what to run.
  var isPrepared: Bool { requests.withLock { !$0.isGone && !$0.isExpired && $0.launch == nil } }

  func activate() async {
    requests.withLock { requests in
      guard !requests.isGone, !requests.isActivated else { return }
      requests.isActivated = true
      var wire = WireToApp()
      wire.activate = WireActivateApp()
      requests.messages.append(wire)
    }
    signal.raise()
  }

  func deliver(_ message: AppDelivery) async {
    let wire = WireToApp(message)
    requests.withLock { requests in
      let capacity = if case .message = message { Self.messageCapacity } else { Self.capacity }
      if !requests.isGone, requests.messages.count < capacity { requests.messages.append(wire) }
    }
    signal.raise()
  }

  func stop(grace: Duration) async {
    let killAt = KernelClock.monotonicNanoseconds() &+ grace.clampedNanoseconds
    await withCheckedContinuation { continuation in
      let isGone = requests.withLock { requests in
        guard !requests.isGone else { return true }
        if !requests.isStopRequested {
          requests.isStopRequested = true
          var stop = WireToApp()
          stop.stop = WireStopApp()
          requests.messages.append(stop)
        }
        requests.killAt = min(requests.killAt ?? killAt, killAt)
        requests.waiters.append(continuation)
        return false
      }
      if isGone {
        continuation.resume()
      } else {
        signal.raise()
      }
    }
  }

  /// The process is gone and `events` has its end.
  func finish() {
    buffer.finish()
    let waiters = requests.withLock { requests in
      requests.isGone = true
      defer { requests.waiters = [] }
      return requests.waiters
    }
    waiters.forEach { $0.resume() }
  }
}
