import AppLink
import AppSupervision
import DeviceBoard
import Foundations
import ServiceKit
import Wire

extension AppEnding {
  fileprivate var trap: AppTrap? {
    switch self {
    case .trapped(let trap), .deadlineExceeded(_, let trap): trap
    default: nil
    }
  }
}

/// What the app does.
extension DevSession {
  func handle(_ event: AppEvent, of app: any RunningApp, _ number: UInt64) async {
    switch event {
    case .started: await app.activate()
    case .activated:
      console.show(.notice, "running after \(sinceCause())")
      hasBecomeActive(number)
    case .log(let line):
      console.show(.line(line.level), Self.text(line), at: line.realtimeNanoseconds)
    case .publish(let id, let topic, let payload, let qos):
      console.show(.effect, "publish \(topic) (QoS \(qos)): \(Self.text(payload))")
      await app.deliver(.published(id: id, reasonCode: 0))
      await deliver(topic, payload, to: app)
    case .subscribe(let handle, let filter):
      console.show(.effect, "subscribe \(filter)")
      broker.subscribe(handle, filter)
      await app.deliver(.subscribed(handle: handle, reasonCode: 0))
    case .unsubscribe(let handle): broker.unsubscribe(handle)
    case .keyValue(let request):
      await app.deliver(.keyValue(await store.handle(request, appName: configuration.appName)))
    case .pins(let levels):
      for level in levels { console.show(.effect, "pin \(level.name) is \(level.level) (change \(level.changes))") }
      board.note(levels, of: number)
    case .healthConfirmed: console.show(.effect, "health confirmed")
    case .quiet: break
    case .ended(let ending):
      board.forget(number)
      show(ending)
      hasEnded(ending, number)
    }
  }

  /// Hands a message to the app itself, as a broker would.
  func deliver(_ topic: String, _ payload: [UInt8], to app: any RunningApp) async {
    let handles = broker.handles(for: topic)
    if !handles.isEmpty { await app.deliver(.message(handles: handles, topic: topic, payload: payload)) }
  }

  private func show(_ ending: AppEnding) {
    switch ending {
    case .stopped: break
    case .exited(code: 0): console.show(.notice, "the app ended; waiting for the file to change")
    default:
      console.show(.failure, "the app \(ending)")
      if let trap = ending.trap, let module = running?.module {
        for line in Self.frames(trap, module) { console.show(.failure, line) }
      }
      console.show(.notice, "waiting for the file to change")
    }
  }

  /// Innermost first, with the place in the source where it is known; inlined calls have lines of their own.
  private static func frames(_ trap: AppTrap, _ module: DevModule) -> [String] {
    zip(trap.frames, SourceLines.of(trap.frames, in: module.debug)).flatMap { frame, locations in
      let position = "[\(frame.functionIndex)+0x\(String(frame.functionOffset, radix: 16))]"
      let fallback = frame.functionName.map(Demangling.name) ?? "function \(frame.functionIndex)"
      guard !locations.isEmpty else { return ["  in \(fallback) \(position)"] }
      return locations.enumerated().map { index, location in
        let isInlined = index < locations.count - 1
        let name = location.function.isEmpty ? fallback : Demangling.name(location.function)
        let place = location.place.map { " at \($0)" } ?? ""
        return "  in \(name)\(place)" + (isInlined ? " (inlined)" : " \(position)")
      }
    }
  }

  private static func text(_ line: AppLogLine) -> String {
    switch line.source {
    case .app: line.text
    case .stdout: "stdout: \(line.text)"
    case .stderr: "stderr: \(line.text)"
    case .host: "host: \(line.text)"
    }
  }

  /// The payload as text if it is printable, else as hexadecimal digits; at most 200 bytes of it.
  static func text(_ payload: [UInt8]) -> String {
    let shown = payload.prefix(200)
    let more = payload.count > 200 ? "… (\(payload.count) bytes)" : ""
    // Of many bytes the last character may be cut in two.
    let text = String(decoding: shown, as: UTF8.self)
    let isText = text.unicodeScalars.dropLast(more.isEmpty ? 0 : 1).allSatisfy { scalar in
      scalar != "\u{FFFD}" && (scalar.properties.generalCategory != .control || scalar == "\t")
    }
    if isText { return text + more }
    return shown.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ") + more
  }
}
