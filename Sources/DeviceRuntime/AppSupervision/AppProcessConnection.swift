import AppLink
import Foundations
import Glibc
import Linux
import SwiftProtobuf
import Synchronization
import Wire
import ZeroMQ

/// The agent's thread for one app: starts the process, carries the messages, and sees to its end.
final class AppProcessConnection {
  /// Time over and above the app's own start deadline, which its process keeps by itself.
  private static let startGraceNanoseconds: UInt64 = 5_000_000_000
  /// How long a dead process's last messages are waited for: they are in the socket already.
  private static let drainMilliseconds = 50

  let process: AppProcess
  private let spawn: AppProcessSpawn
  private let socket: ZeroMQSocket
  private let authenticator: ZeroMQAuthenticator
  private let appKey: CurvePublicKey
  private let socketPath: String
  /// When the process is given up that nothing was launched in, in monotonic nanoseconds.
  private let expiresAt: UInt64
  private var launch: AppLaunch?
  /// Set with `launch`.
  private var startBy: UInt64?
  private let message = ZeroMQMessage()
  private var poller = ZeroMQPoller()
  private var isStarted = false
  private var isGreeted = false
  private var isLaunched = false
  private var isLate = false
  private var ending: AppEnding?

  /// - Parameters:
  ///   - limits: those of the app that will run in it.
  ///   - launch: that app; nil: it comes later, by `AppProcess.begin`.
  ///   - patience: how long the process waits for it.
  init(
    limits: AppLimits, launch: AppLaunch?, executable: String, socketPath: String, user: AppUser?, patience: Duration
  ) throws {
    self.socketPath = socketPath
    let (agentKeys, appKeys) = (try CurveKeyPair.generate(), try CurveKeyPair.generate())
    appKey = appKeys.publicKey
    // A context of its own, because each has one authenticator.
    let context = try ZeroMQContext()
    authenticator = try ZeroMQAuthenticator(in: context)
    socket = try ZeroMQSocket(.pair, in: context)
    try socket.serveCurve(agentKeys, authenticator)
    try socket.set(.lingerMilliseconds(0))
    // A message is a line, a state, or a publication with its topic.
    try socket.set(
      .maximumMessageSize(
        Int64(
          limits.publishPayloadBytes + limits.logLineBytes + 65_536 + ZeroMQSocket.curveOverhead)))
    try socket.bind("ipc://\(socketPath)")
    let signal = try WakeSignal()
    poller.add(authenticator.socket)
    poller.add(socket)
    poller.add(signal)
    spawn = try AppProcessSpawn(
      executable: executable,
      arguments: AppHostArguments(endpoint: "ipc://\(socketPath)", agent: getpid(), user: user).list,
      secret: AppLinkKeys(agent: agentKeys.publicKey, app: appKeys).text)
    expiresAt = KernelClock.monotonicNanoseconds() &+ patience.clampedNanoseconds
    process = AppProcess(processIdentifier: spawn.processIdentifier, launch: launch, signal: signal)
    do {
      let (spawn, process) = (spawn, process)
      try NativeThread.start("app-end", stackBytes: 256 << 10) {
        let lastWords = spawn.waitForLastWords()
        process.requests.withLock { $0.lastWords = lastWords }
        process.signal.raise()
      }
    } catch {
      _ = spawn.reap()
      close(spawn.lastWords)
      throw error
    }
  }

  /// Returns when the process is gone.
  func run() {
    var lastWords: String?
    takeLaunch()
    while lastWords == nil {
      wait(milliseconds: timeout())
      process.signal.lower()
      receive()
      send()
      killIfDue()
      lastWords = process.requests.withLock { $0.lastWords }
    }
    let status = spawn.reap()
    drain()
    finish(status, lastWords ?? "")
  }

  private func receive() {
    _ = try? authenticator.answer { key, _ in key == appKey }
    while (try? socket.receive(into: message)) == true {
      guard let wire = try? WireFromApp(serializedBytes: message.bytes) else { continue }
      if case .ready = wire.body { isGreeted = true }
      if case .ended(let ended) = wire.body, ending == nil {
        _ = process.buffer.put(.quiet(atNanoseconds: ended.atNanoseconds))
      }
      guard let event = AppEvent(wire) else { continue }
      handle(event)
    }
  }

  private func handle(_ event: AppEvent) {
    switch event {
    case .ended(let ending):
      // Told when the process is gone too, so that whoever starts the next one finds this one's files free.
      self.ending = self.ending ?? ending
      var farewell = WireToApp()
      farewell.farewell = WireFarewell()
      sendNow(farewell)
    case .publish(let id, _, _, _):
      guard !process.buffer.put(event) else { return }
      // MQTT's "quota exceeded".
      sendNow(WireToApp(.published(id: id, reasonCode: 0x97)))
    case .started:
      isStarted = true
      _ = process.buffer.put(event)
    case .subscribe(let handle, _):
      guard !process.buffer.put(event) else { return }
      sendNow(WireToApp(.subscribed(handle: handle, reasonCode: 0x97)))
    case .activated, .log, .healthConfirmed, .keyValue, .unsubscribe, .pins, .quiet: _ = process.buffer.put(event)
    }
  }

  private func send() {
    takeLaunch()
    // Before the greeting there is nobody to hear; a stop then is left to the grace's end.
    guard isGreeted, let launch else { return }
    if !isLaunched {
      isLaunched = true
      var wire = WireToApp()
      wire.launch = WireLaunchApp(launch)
      sendNow(wire)
    }
    let messages = process.requests.withLock { requests in
      defer { requests.messages = [] }
      return requests.messages
    }
    messages.forEach(sendNow)
  }

  private func takeLaunch() {
    guard launch == nil else { return }
    let isOver = KernelClock.monotonicNanoseconds() >= expiresAt
    let (launch, isExpired) = process.requests.withLock { requests in
      if requests.launch == nil, isOver { requests.isExpired = true }
      return (requests.launch, requests.isExpired)
    }
    self.launch = launch
    startBy = launch.map { launch in
      KernelClock.monotonicNanoseconds() &+ launch.startDeadline.clampedNanoseconds &+ Self.startGraceNanoseconds
    }
    if isExpired { kill(spawn.processIdentifier, SIGKILL) }
  }

  private func sendNow(_ message: WireToApp) {
    // The socket's queue holds 1000 messages, more than an app's publish queue, and the process reads all the time. One
    // that does not is stopped by its grace's end.
    guard let bytes: [UInt8] = try? message.serializedBytes() else { return }
    _ = try? socket.send(bytes)
  }

  private func killIfDue() {
    let now = KernelClock.monotonicNanoseconds()
    let isStopOver = process.requests.withLock { requests in
      guard let killAt = requests.killAt, now >= killAt else { return false }
      requests.killAt = nil
      return true
    }
    if !isStarted, !isLate, let startBy, now >= startBy, ending == nil {
      isLate = true
      kill(spawn.processIdentifier, SIGKILL)
    } else if isStopOver {
      kill(spawn.processIdentifier, SIGKILL)
    }
  }

  private func timeout() -> Int? {
    let (killAt, isExpired) = process.requests.withLock { ($0.killAt, $0.isExpired) }
    let due = launch == nil ? (isExpired ? nil : expiresAt) : isStarted || isLate || ending != nil ? nil : startBy
    let times = [killAt, due].compactMap { $0 }
    guard let next = times.min() else { return nil }
    let now = KernelClock.monotonicNanoseconds()
    return next <= now ? 0 : Int(clamping: min((next - now + 999_999) / 1_000_000, 3_600_000))
  }

  /// - Returns: false at the timeout.
  @discardableResult
  private func wait(milliseconds: Int?) -> Bool {
    // An error here would be a fault of this program; looking around again is the best that can be done.
    (try? poller.wait(timeoutMilliseconds: milliseconds)) ?? false
  }

  private func drain() {
    guard ending == nil else { return }
    repeat {
      // Tasks may still ask for something: that is no news of the process.
      process.signal.lower()
      receive()
    } while ending == nil && wait(milliseconds: Self.drainMilliseconds)
  }

  private func finish(_ status: AppProcessSpawn.Status, _ lastWords: String) {
    unlink(socketPath)
    _ = process.buffer.put(.ended(ending ?? unspoken(status, lastWords)))
    process.finish()
  }

  /// The ending of a process that did not tell.
  private func unspoken(_ status: AppProcessSpawn.Status, _ lastWords: String) -> AppEnding {
    let isStopRequested = process.requests.withLock { $0.isStopRequested }
    let words = lastWords.isEmpty ? "" : ": \(lastWords)"
    if isLate {
      return .deadlineExceeded(
        call: "start",
        AppTrap(code: "interrupt", message: "the app's process did not come up in time\(words)", frames: []))
    }
    if isStopRequested { return .stopped }
    switch status {
    case .signalled(let signal):
      if lastWords.isEmpty { return .killed(signal: signal) }
      return .hostFailed(reason: "the app's process ended by signal \(signal)\(words)")
    case .exited(let code): return .hostFailed(reason: "the app's process ended with status \(code)\(words)")
    }
  }
}
