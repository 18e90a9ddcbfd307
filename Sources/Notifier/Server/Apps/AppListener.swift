import DequeModule
import FoundationEssentials
import Foundations
import Mosquitto
import ServiceLifecycle
import SwiftProtobuf
import Synchronization
import Wire

/// What one operator hears of the app of one device: a connection to the broker, and the messages that wait to be
/// asked for.
final class AppListener: Sendable {
  /// How many messages wait to be asked for; beyond it the oldest go, and are counted.
  private static let mostMessages = 1_000
  private static let mostBytes = 1 << 20
  /// Bytes of payloads in one answer, which must fit a frame of the bus.
  private static let answerBytes = 256 << 10

  private struct State {
    var messages: Deque<WirePublishedMessage> = []
    var bytes = 0
    var dropped: UInt64 = 0
    var lastAsked = ContinuousClock.now
    var isOver = false
    var waiter: CheckedContinuation<Void, Never>?

    /// - Returns: who waits, to be resumed outside the lock.
    mutating func endWait() -> CheckedContinuation<Void, Never>? {
      guard let waiter else { return nil }
      self.waiter = nil
      lastAsked = .now
      return waiter
    }
  }

  let client: MQTTClient
  private let prefix: String
  private let patience: Duration
  private let state = Mutex(State())

  /// - Parameters:
  ///   - prefix: `/apps/{id}/`; the filter and the topics that are told are below it.
  ///   - patience: when nobody asked for so long, it is over.
  init(client: MQTTClient, prefix: String, patience: Duration = .seconds(60)) {
    self.client = client
    self.prefix = prefix
    self.patience = patience
  }

  /// Whether somebody waits for the answer to a question.
  var isAsked: Bool { state.withLock { $0.waiter != nil } }

  /// Connects and subscribes, and returns when the broker has granted it.
  func subscribe(to filter: String, timeout: Duration) async throws(MQTTError) {
    try client.start()
    try await client.subscribe(to: prefix + filter, timeout: timeout)
  }

  /// Gathers messages until nobody asks any more, or the task is cancelled.
  func run() async {
    await withTaskGroup { group in
      group.addTask {
        for await message in self.client.messages { self.add(message) }
      }
      group.addTask { await self.waitUntilNobodyAsks() }
      await group.next()
      await self.client.close()
      group.cancelAll()
    }
    state.withLock { state in
      state.isOver = true
      return state.endWait()
    }?.resume()
  }

  private func waitUntilNobodyAsks() async {
    while true {
      let left = isAsked ? patience : state.withLock { $0.lastAsked } + patience - .now
      if left <= .zero { return }
      do {
        try await Task.sleep(for: left)
      } catch {
        return
      }
    }
  }

  private func add(_ message: MQTTMessage) {
    let published = WirePublishedMessage.with {
      $0.topic = message.topic.text(behind: prefix) ?? message.topic
      $0.payload = Data(message.payload)
      $0.at = Google_Protobuf_Timestamp(date: Date())
    }
    state.withLock { state in
      state.messages.append(published)
      state.bytes += published.payload.count
      while state.messages.count > Self.mostMessages || state.bytes > Self.mostBytes {
        state.bytes -= state.messages.removeFirst().payload.count
        state.dropped += 1
      }
      return state.endWait()
    }?.resume()
  }

  /// The messages that came, after waiting up to `timeout` for the first one.
  func take(within timeout: Duration) async -> WireListenToAppResponse {
    if timeout > .zero { await waitForMessage(timeout) }
    return state.withLock { state in
      state.lastAsked = .now
      var answer = WireListenToAppResponse()
      var bytes = 0
      while let next = state.messages.first, answer.messages.isEmpty || bytes + next.payload.count <= Self.answerBytes {
        bytes += next.payload.count
        answer.messages.append(state.messages.removeFirst())
      }
      state.bytes -= bytes
      answer.dropped = state.dropped
      state.dropped = 0
      return answer
    }
  }

  private func waitForMessage(_ timeout: Duration) async {
    await withTaskGroup { group in
      group.addTask { try? await Task.sleep(for: timeout) }
      // Whoever listens asks again, and is answered by another replica.
      group.addTask { try? await gracefulShutdown() }
      group.addTask {
        await withTaskCancellationHandler {
          await withCheckedContinuation { waiter in
            let (now, before) = self.state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
              // Whoever waited before asked twice at once: the newer question counts.
              let before = state.endWait()
              if !state.messages.isEmpty || state.isOver || Task.isCancelled { return (true, before) }
              state.waiter = waiter
              return (false, before)
            }
            before?.resume()
            if now { waiter.resume() }
          }
        } onCancel: {
          self.state.withLock { $0.endWait() }?.resume()
        }
      }
      await group.next()
      group.cancelAll()
    }
  }
}
