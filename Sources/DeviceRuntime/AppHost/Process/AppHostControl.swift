import AppLink
import DeviceHardware
import Foundations
import Glibc
import Linux
import SwiftProtobuf
import Synchronization
import Wasmtime
import Wire
import ZeroMQ

/// The main thread of an app's process: carries messages between the agent and the app's thread, and keeps the app's
/// deadlines.
final class AppHostControl {
  private enum Phase {
    case waitingForLaunch
    case running(AppHostState)
    /// The ending is on its way; the process goes when the agent has it, or after `farewellTimeoutNanoseconds`.
    case ending(until: UInt64)
  }

  private static let farewellTimeoutNanoseconds: UInt64 = 2_000_000_000
  /// The agent ends a process that it does not need, so this is for one that forgot.
  private static let launchTimeoutNanoseconds: UInt64 = 120_000_000_000
  /// The shortest time between two messages about pins.
  private static let pinIntervalNanoseconds: UInt64 = 100_000_000
  /// The time from the wish that an app stops until its unfinished lines are sent.
  private static let lastWordsDelayNanoseconds: UInt64 = 500_000_000
  /// How soon to try again when the agent takes nothing.
  private static let retryNanoseconds: UInt64 = 10_000_000

  private let socket: ZeroMQSocket
  private let outbox: AppOutbox
  private let message = ZeroMQMessage()
  private let user: AppUser?
  /// Monotonic nanoseconds when the process began.
  private let startedAt: UInt64
  private var poller = ZeroMQPoller()
  private var phase = Phase.waitingForLaunch
  private var unsent: [[UInt8]] = []
  /// When the app's thread handled its last event, as it told itself.
  private var quietAt: UInt64?
  private var isOver = false
  /// When what the app wrote without a line break goes out, because it is to stop.
  private var lastWordsAt: UInt64?
  private var lostMessages = DropNotes()
  /// Monotonic nanoseconds when pins were last told of.
  private var pinsToldAt: UInt64 = 0

  /// - Parameter user: whom the process is to become before it looks at the module.
  init(endpoint: String, keys: AppLinkKeys, user: AppUser?, startedAt: UInt64) throws(ZeroMQError) {
    self.user = user
    self.startedAt = startedAt
    outbox = try AppOutbox()
    socket = try ZeroMQSocket(.pair, in: ZeroMQContext())
    try socket.set(.lingerMilliseconds(0))
    try socket.useCurve(keys.app, server: keys.agent)
    try socket.connect(endpoint)
    poller.add(socket)
    poller.add(outbox.signal)
    var ready = WireFromApp()
    ready.ready = WireAppHostReady()
    enqueue(ready)
  }

  /// Returns when the agent knows how the app ended, or can't be told.
  func run() throws(ZeroMQError) {
    try send()
    openEngine()
    while !isOver {
      try receive()
      takeFromApp()
      let next = look()
      try send()
      if isOver { return }
      _ = try poller.wait(timeoutMilliseconds: Self.milliseconds(until: wakeTime(next)))
      outbox.signal.lower()
    }
  }

  /// What every app needs, while its agent has yet to hear of this process. What is wrong with it, the launch finds too.
  private func openEngine() {
    try? EngineLibrary.load(path: EngineLocation.ofThisProcess)
  }

  private func receive() throws(ZeroMQError) {
    while try socket.receive(into: message) {
      guard let wire = try? WireToApp(serializedBytes: message.bytes) else { continue }
      switch (wire.body, phase) {
      case (.launch(let launch), .waitingForLaunch): start(AppLaunch(launch))
      case (.stop, .waitingForLaunch): outbox.put(.ended(.stopped))
      case (.farewell, _): isOver = true
      case (_, .running(let state)): handle(wire, state)
      default: break
      }
    }
  }

  private func handle(_ wire: WireToApp, _ state: AppHostState) {
    let isProgram = state.isProgram.load(ordering: .relaxed)
    switch wire.body {
    case .activate: state.inbox.activate()
    case .acknowledged(let acknowledged):
      if isProgram, !state.polls.load(ordering: .relaxed) {
        _ = state.publications.settle(acknowledged.id)
      } else {
        state.inbox.put(.published(id: acknowledged.id, reasonCode: UInt8(clamping: acknowledged.reasonCode)))
      }
    case .stop:
      // A program has no place to be told.
      guard isProgram else {
        // Its last event may outlast the patience of whoever asks, and then this process is killed.
        lastWordsAt = KernelClock.monotonicNanoseconds() + Self.lastWordsDelayNanoseconds
        state.inbox.put(.stop)
        break
      }
      state.finishLog()
      outbox.put(.ended(.stopped))
    case .keyValue(let answer): state.inbox.put(answer)
    case .subscribed(let outcome):
      state.inbox.put(
        .subscribed(handle: Int32(clamping: outcome.handle), reasonCode: UInt8(clamping: outcome.reasonCode)))
    case .message(let message):
      let item = AppMessage(
        handles: message.handles.map { Int32(clamping: $0) }, topic: message.topic, payload: Array(message.payload))
      if !state.inbox.put(.message(item)), let lost = lostMessages.add(now: KernelClock.monotonicNanoseconds()) {
        state.log.note(.warning, "the app does not keep up with its messages: \(lost) dropped")
      }
    case .pin(let pin): state.pins.setFromOutside(pin.name, pin.level)
    case .sensor(let grant): state.sensors.replace(SensorGrant(grant))
    case .launch, .farewell, nil: break
    }
  }

  private func start(_ launch: AppLaunch) {
    do {
      let state = try AppHostState(
        launch: launch, user: user, enginePath: EngineLocation.ofThisProcess, outbox: outbox,
        startedAt: KernelClock.monotonicNanoseconds())
      // Compiling needs stack too, and host functions on top of the app's.
      try NativeThread.start("app", stackBytes: launch.limits.stackBytes + (4 << 20)) {
        AppRunner(state).run()
      }
      phase = .running(state)
    } catch {
      outbox.put(.ended(.hostFailed(reason: "\(error)")))
    }
  }

  private func takeFromApp() {
    let (events, lostLines) = outbox.takeAll()
    for event in events {
      // What an abandoned thread still says after its ending is nobody's.
      if case .ending = phase { return }
      if case .ended = event {
        if lostLines > 0 { noteLost(lostLines) }
        end(event)
        return
      }
      if case .quiet(let nanoseconds) = event {
        quietAt = nanoseconds
      } else {
        enqueue(WireFromApp(event))
      }
    }
    if lostLines > 0, case .running = phase { noteLost(lostLines) }
  }

  /// Ends an app whose thread is stuck, after all that it said.
  ///
  /// - Returns: when to look again.
  private func end(_ ending: AppEnding, _ state: AppHostState, _ now: UInt64) -> UInt64 {
    state.finishLog()
    takeFromApp()
    // It may have ended by itself at that very moment.
    guard case .running = phase else { return now }
    end(.ended(ending))
    return now + Self.farewellTimeoutNanoseconds
  }

  private func end(_ ending: AppEvent) {
    let now = KernelClock.monotonicNanoseconds()
    if case .running(let state) = phase, state.pins.hasUntoldChanges {
      enqueue(WireFromApp(.pins(state.pins.takeChanges())))
    }
    var wire = WireFromApp(ending)
    wire.ended.atNanoseconds = quietAt ?? now
    enqueue(wire)
    phase = .ending(until: now + Self.farewellTimeoutNanoseconds)
  }

  private func noteLost(_ count: UInt64) {
    enqueue(
      WireFromApp(
        .log(
          AppLogLine(
            level: .warning, source: .host, realtimeNanoseconds: KernelClock.realtimeNanoseconds(),
            monotonicNanoseconds: KernelClock.monotonicNanoseconds(),
            text: "\(count) log lines were lost because the agent did not keep up"))))
  }

  /// Acts on what time demands and tells when to come back, in monotonic nanoseconds; nil: when something happens.
  private func look() -> UInt64? {
    let now = KernelClock.monotonicNanoseconds()
    switch phase {
    case .waitingForLaunch:
      let end = startedAt + Self.launchTimeoutNanoseconds
      isOver = now >= end
      return end
    case .ending(let until):
      isOver = isOver || now >= until
      return until
    case .running(let state):
      let pins = tellPins(state, now)
      let (gaveUpOn, next) = state.callGuard.look(now: now)
      if let gaveUpOn {
        let trap = AppTrap(
          code: "interrupt",
          message: "the call did not end when it was interrupted: it was not in the app's own code", frames: [])
        return end(.deadlineExceeded(call: gaveUpOn, trap), state, now)
      }
      let (missed, due) = state.watchdog.look(now: now)
      if let missed {
        return end(.watchdogMissed(timeout: .nanoseconds(Int64(clamping: missed))), state, now)
      }
      if let lastWordsAt, now >= lastWordsAt {
        self.lastWordsAt = nil
        state.finishLog()
        takeFromApp()
      }
      return [pins, next, due, lastWordsAt].compactMap { $0 }.min()
    }
  }

  /// Tells of pins that the app set, at most so often; returns when there is more to tell.
  private func tellPins(_ state: AppHostState, _ now: UInt64) -> UInt64? {
    guard state.pins.hasUntoldChanges else { return nil }
    guard now >= pinsToldAt + Self.pinIntervalNanoseconds else { return pinsToldAt + Self.pinIntervalNanoseconds }
    pinsToldAt = now
    enqueue(WireFromApp(.pins(state.pins.takeChanges())))
    return nil
  }

  private func enqueue(_ message: WireFromApp) {
    // Messages of this process's own making always serialise.
    if let bytes: [UInt8] = try? message.serializedBytes() { unsent.append(bytes) }
  }

  private func send() throws(ZeroMQError) {
    var sent = 0
    while sent < unsent.count, try socket.send(unsent[sent]) { sent += 1 }
    unsent.removeFirst(sent)
  }

  private func wakeTime(_ next: UInt64?) -> UInt64? {
    guard !unsent.isEmpty else { return next }
    let retry = KernelClock.monotonicNanoseconds() + Self.retryNanoseconds
    return next.map { min($0, retry) } ?? retry
  }

  /// Rounded up, so that the time has come when the wait is over.
  private static func milliseconds(until time: UInt64?) -> Int? {
    guard let time else { return nil }
    let now = KernelClock.monotonicNanoseconds()
    return time <= now ? 0 : Int(clamping: min((time - now + 999_999) / 1_000_000, 3_600_000))
  }
}
