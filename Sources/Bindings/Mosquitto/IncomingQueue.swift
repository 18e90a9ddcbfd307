import DequeModule
import Synchronization

/// The messages between the network thread and the one task that reads them, bounded by count and
/// by bytes.
final class IncomingQueue: Sendable {
  private struct State {
    var messages: Deque<MQTTMessage> = []
    var bytes = 0
    var dropped: UInt64 = 0
    var isPaused = false
    var isFinished = false
    var reader: CheckedContinuation<MQTTMessage?, Never>?
  }

  private let maximumMessages: Int
  private let maximumBytes: Int
  private let overflow: MQTTIncomingOverflow
  /// Wakes the network thread when reading may go on.
  private let resume: @Sendable () -> Void
  private let state = Mutex(State())

  init(options: MQTTClientOptions, resume: @escaping @Sendable () -> Void) {
    maximumMessages = options.maximumIncomingMessages
    maximumBytes = options.maximumIncomingBytes
    overflow = options.incomingOverflow
    self.resume = resume
  }

  var droppedMessages: UInt64 { state.withLock { $0.dropped } }
  var count: Int { state.withLock { $0.messages.count } }

  /// Whether the network thread must leave the socket alone for now.
  var isPaused: Bool {
    state.withLock { state in
      guard overflow == .pauseReading else { return false }
      if isFull(state) { state.isPaused = true }
      return state.isPaused
    }
  }

  func push(_ message: MQTTMessage) {
    let reader = state.withLock { state -> CheckedContinuation<MQTTMessage?, Never>? in
      guard !state.isFinished else { return nil }
      if let reader = state.reader {
        state.reader = nil
        return reader
      }
      state.messages.append(message)
      state.bytes += Self.bytes(of: message)
      // One message larger than the whole bound still passes, alone.
      while overflow == .dropOldest, isOver(state), state.messages.count > 1 {
        if let oldest = state.messages.popFirst() { state.bytes -= Self.bytes(of: oldest) }
        state.dropped += 1
      }
      return nil
    }
    reader?.resume(returning: message)
  }

  /// The next message; nil when the client was closed and all was read, or the task was cancelled.
  func next() async -> MQTTMessage? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        var mayResume = false
        let outcome = state.withLock { state -> MQTTMessage?? in
          precondition(state.reader == nil, "the messages of an MQTT client have one reader")
          if let message = state.messages.popFirst() {
            state.bytes -= Self.bytes(of: message)
            if state.isPaused, state.messages.count <= maximumMessages / 2, state.bytes <= maximumBytes / 2 {
              state.isPaused = false
              mayResume = true
            }
            return .some(message)
          }
          // Cancellation that came before this point found no reader to wake.
          if state.isFinished || Task.isCancelled { return .some(nil) }
          state.reader = continuation
          return nil
        }
        if mayResume { resume() }
        if let outcome { continuation.resume(returning: outcome) }
      }
    } onCancel: {
      takeReader()?.resume(returning: nil)
    }
  }

  func finish() {
    state.withLock { $0.isFinished = true }
    takeReader()?.resume(returning: nil)
  }

  private func takeReader() -> CheckedContinuation<MQTTMessage?, Never>? {
    state.withLock { state in
      defer { state.reader = nil }
      return state.reader
    }
  }

  private func isFull(_ state: State) -> Bool {
    state.messages.count >= maximumMessages || state.bytes >= maximumBytes
  }

  private func isOver(_ state: State) -> Bool {
    state.messages.count > maximumMessages || state.bytes > maximumBytes
  }

  private static func bytes(of message: MQTTMessage) -> Int {
    message.payload.count + message.topic.utf8.count
  }
}

/// What the broker delivers, for one reader; ends when the client is closed.
package struct MQTTMessages: AsyncSequence, Sendable {
  package typealias Element = MQTTMessage

  let queue: IncomingQueue

  /// Takes messages out of the client's queue; a message goes to one iterator only.
  package struct AsyncIterator: AsyncIteratorProtocol {
    let queue: IncomingQueue

    /// The next message; nil when the client was closed and all was read, or the task was cancelled.
    package mutating func next() async -> MQTTMessage? {
      await queue.next()
    }

    package mutating func next(isolation actor: isolated (any Actor)?) async -> MQTTMessage? {
      await queue.next()
    }
  }

  package func makeAsyncIterator() -> AsyncIterator {
    AsyncIterator(queue: queue)
  }
}
