import Logging
import Mosquitto
import ServiceLifecycle
import Synchronization
import Wire

/// The operators that listen to apps through this replica, each with a connection of its own to the broker.
///
/// Nothing of it outlives the process: an operator who asks again is told that the subscription is a new one.
final class AppListeners: Service {
  /// Which listener it is.
  struct Key: Hashable, Sendable {
    static let idBytes = 16

    let id: [UInt8]
    /// The peer that began it: nobody else reads on.
    let owner: String
  }

  /// How many listeners there may be. Each is a connection with a thread.
  static let most = 32

  private let options: MQTTClientOptions
  private let logger: Logger
  private let listeners = Mutex<[Key: AppListener]>([:])
  private let arrivals: AsyncStream<(Key, AppListener)>
  private let arrive: AsyncStream<(Key, AppListener)>.Continuation

  /// - Parameter options: of each connection; a random number is added to its client ID.
  init(options: MQTTClientOptions, logger: Logger) {
    self.options = options
    self.logger = logger
    // More than there can be listeners never wait.
    (arrivals, arrive) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.most))
  }

  subscript(key: Key) -> AppListener? { listeners.withLock { $0[key] } }

  var count: Int { listeners.withLock { $0.count } }

  /// Subscribes, and returns when the broker has granted it; gives the same listener to whoever asks twice at once.
  func begin(_ key: Key, prefix: String, filter: String, timeout: Duration) async throws -> AppListener {
    var options = options
    options.clientID += "-\(String(UInt64.random(in: .min ... .max), radix: 16))"
    do {
      let listener = AppListener(client: try MQTTClient(options: options), prefix: prefix)
      let known: AppListener? = try listeners.withLock { listeners in
        if let known = listeners[key] { return known }
        guard listeners.count < Self.most else {
          throw WireFailure(
            .overloaded, reason: "too-many-listeners",
            message: "\(Self.most) operators listen through this Notifier already: end one of them, or try again later",
            retryAfterMilliseconds: 5_000)
        }
        listeners[key] = listener
        return nil
      }
      if let known { return known }
      do {
        try await listener.subscribe(to: filter, timeout: timeout)
      } catch {
        forget(key)
        await listener.client.close()
        throw error
      }
      arrive.yield((key, listener))
      return listener
    } catch let error as MQTTError {
      switch error.code {
      case .invalid: throw WireFailure(.invalid, reason: "invalid-filter", message: error.message)
      case .refused: throw WireFailure(.permissionDenied, reason: "broker-refused", message: error.message)
      default: throw WireFailure(.unavailable, reason: "broker-unavailable", message: error.message)
      }
    }
  }

  private func forget(_ key: Key) { listeners.withLock { $0[key] = nil } }

  func run() async throws {
    await withDiscardingTaskGroup { group in
      group.addTask {
        try? await gracefulShutdown()
        self.arrive.finish()
      }
      for await (key, listener) in arrivals {
        group.addTask {
          await listener.run()
          self.forget(key)
        }
      }
      group.cancelAll()
    }
  }
}
