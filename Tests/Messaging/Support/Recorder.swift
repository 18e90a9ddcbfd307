import Messaging
import Synchronization
import TestSupport

/// Keeps what a transport handed over.
final class Recorder<Element: Sendable>: Sendable {
  private let kept = Mutex<[Element]>([])

  var elements: [Element] { kept.withLock { $0 } }

  func record(_ batch: [Element]) { kept.withLock { $0 += batch } }

  func wait(for count: Int) async throws -> [Element] {
    try await eventually("\(count) elements") { elements.count >= count }
    return elements
  }
}

extension Recorder<DialerEvent> {
  func waitForOpen(_ connection: ConnectionID, times: Int = 1) async throws {
    try await eventually("connection \(connection.number) opened \(times) times") {
      elements.count { $0 == .opened(connection) } >= times
    }
  }

  var frames: [[UInt8]] { elements.compactMap { if case .frame(_, let frame) = $0 { frame } else { nil } } }
}
