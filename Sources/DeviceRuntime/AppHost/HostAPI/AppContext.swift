import AppLink
import DeviceHardware
import DeviceProtocol
import Foundations
import Wasmtime
import WebAssemblyModule

/// What the host functions of one running app work on. For the app's thread.
final class AppContext {
  let state: AppHostState
  let entry: AppEntry
  let topics: [TopicFilter]
  var timers: TimerTable
  /// The rate of what goes to the broker.
  var requests: TokenBucket
  var subscriptions = HandleTable<Void>(capacity: HostAPI.subscriptionLimit)
  var pins = HandleTable<(pin: any Pin, asOutput: Bool)>(capacity: HostAPI.handleLimit)
  var sensors = HandleTable<AppSensor>(capacity: HostAPI.handleLimit)
  /// During `xtb_event`.
  var isInEvent = false
  /// What `msg_read` reads, and the subscription of the event that told of it.
  var message: (handle: Int32, message: AppMessage)?
  /// The message that the events in `rest` tell of.
  var waitingMessage: AppMessage?
  /// Events that are due before anything else.
  var rest: [HostEvent] = []
  var isTimersTurn = true
  /// What the log says of the error that a host function is about to give; empty: no more than its meaning.
  var explanation = ""
  /// What the app was refused, each kind once.
  var refusals: [Refusal] = []
  var lastRefusal: Refusal?
  /// What `xtb_event` returned that was not 0, each once.
  private var eventResults: [(kind: HostEvent.Kind, result: Value?)] = []
  /// When the stopwatches of AssemblyScript's `console.time` were started, in monotonic nanoseconds.
  var stopwatches: [ByteText: UInt64] = [:]
  /// Why the app is to end when the host function that set this returns.
  var trap: String?
  private var isHealthConfirmed = false
  private var lastRequest: UInt64 = 0

  init(state: AppHostState, entry: AppEntry) {
    self.state = state
    self.entry = entry
    topics = state.launch.topics.compactMap { TopicFilter($0) }
    let limits = state.launch.limits
    timers = TimerTable(capacity: limits.timers)
    requests = TokenBucket(
      perSecond: limits.publicationsPerSecond, burst: 2 * limits.publicationsPerSecond,
      now: KernelClock.monotonicNanoseconds())
  }

  var launch: AppLaunch { state.launch }

  /// Whether the app has not given that for an event of that kind before, as far as so many are remembered.
  func isNews(_ result: Value?, of kind: HostEvent.Kind) -> Bool {
    guard eventResults.count < Self.refusalLimit,
      !eventResults.contains(where: { $0.kind == kind && $0.result == result })
    else { return false }
    eventResults.append((kind, result))
    return true
  }

  func confirmHealth() {
    guard !isHealthConfirmed else { return }
    isHealthConfirmed = true
    state.outbox.put(.healthConfirmed)
  }

  /// Counts what goes to the broker.
  func takeTurn() throws(HostErrno) {
    guard requests.take(now: KernelClock.monotonicNanoseconds()) else {
      let limit = launch.limits.publicationsPerSecond
      throw refusal(
        .again,
        "more than \(limit) publications and subscriptions a second, or \(2 * limit) at once: send less often, or more "
          + "in one message")
    }
  }

  /// The ID of the next request to the agent.
  func makeRequestID() -> UInt64 {
    lastRequest += 1
    return lastRequest
  }

  /// Whether the device lets the app publish to that topic, or to all that a filter matches.
  func check(_ filter: TopicFilter, _ text: String) throws(HostErrno) {
    guard !launch.topics.isEmpty, !topics.contains(where: { $0.covers(filter) }) else { return }
    throw refusal(
      .notCapable,
      "this device does not grant the topic \"\(text)\" to apps, only \(launch.topics.joined(separator: ", ")): use one "
        + "of these, or add it to \"topics\" in the device's board.json")
  }
}
