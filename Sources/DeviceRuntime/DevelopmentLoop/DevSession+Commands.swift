import AppLink
import AppSupervision
import DeviceBoard
import Foundations

/// What a person tells the loop.
extension DevSession {
  /// Does what a line says; false: the loop is to end.
  func perform(_ line: String) async -> Bool {
    do {
      guard let command = try DevInstruction(line) else { return true }
      return try await perform(command)
    } catch {
      console.show(.failure, "\(error)")
      return true
    }
  }

  private func perform(_ command: DevInstruction) async throws -> Bool {
    switch command {
    case .pin(let name, let level):
      try board.setPin(name, to: level, isTold: running != nil)
      await running?.app.deliver(.pin(name: name, level: level))
    case .sensor(let name, let values):
      let row = SensorTable.Row(nanoseconds: 0, microUnits: values.map { Int64(clamping: $0 * 1e6) })
      let grant = try board.setSensor(
        name, to: SensorTable(rows: [row]), now: KernelClock.monotonicNanoseconds())
      await running?.app.deliver(.sensor(grant))
    case .publish(let topic, let payload):
      // The first lines of a file come before the app has initialised, and with that subscribed.
      await waitForStart()
      guard !Task.isCancelled else { return false }
      guard let app = running?.app else { throw DevInstruction.Problem(description: "no app runs") }
      guard !broker.handles(for: topic).isEmpty else {
        throw DevInstruction.Problem(description: "the app has no subscription that matches \(topic)")
      }
      await deliver(topic, Array(payload.utf8), to: app)
    case .restart: await restart()
    case .sleep(let seconds): try? await Task.sleep(for: .seconds(seconds))
    case .quit: return false
    case .help: console.show(.notice, DevInstruction.usage)
    }
    return true
  }
}
