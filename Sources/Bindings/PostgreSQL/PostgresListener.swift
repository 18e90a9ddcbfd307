import Logging

/// Receives what sessions send with NOTIFY, on a connection of its own that it makes again whenever
/// it breaks.
///
/// Nothing is gathered while nobody asks for the next event, beyond what the operating system's
/// socket and one read of at most `bufferLimit` notifications hold.
package struct PostgresListener: AsyncSequence, Sendable {
  /// What a listener tells.
  package enum Event: Sendable, Hashable {
    /// From here on notifications arrive, but any number may have been missed before: look at the
    /// tables. Comes first of all, after every reconnection, and when too many came at once.
    case mayHaveMissed
    case notification(PostgresNotification)
  }

  private let settings: PostgresSettings
  private let limits: SessionLimits
  private let channels: [SQLIdentifier]
  private let bufferLimit: Int
  private let logger: Logger

  /// - Parameter channels: lower-case names of letters, digits and `_`.
  /// - Throws: `misuse` if a channel has another name.
  init(pool: PostgresPool, channels: [String], bufferLimit: Int) throws(PostgresError) {
    settings = pool.settings
    limits = pool.sessionLimits
    logger = pool.logger
    self.bufferLimit = bufferLimit
    var identifiers: [SQLIdentifier] = []
    for channel in channels {
      guard let identifier = SQLIdentifier(channel) else {
        throw PostgresError(
          .misuse, "\(channel) can't be the name of a channel: use up to 63 lower-case letters, digits and _")
      }
      identifiers.append(identifier)
    }
    self.channels = identifiers
  }

  package func makeAsyncIterator() -> Iterator { Iterator(listener: self) }

  /// Ends only when its task is cancelled.
  package struct Iterator: AsyncIteratorProtocol {
    private let listener: PostgresListener
    private var connection: ServerConnection?
    private var pending: [PostgresNotification] = []
    private var hasMissed = false
    private var failureCount = 0

    fileprivate init(listener: PostgresListener) {
      self.listener = listener
    }

    package mutating func next() async -> Event? {
      while !Task.isCancelled {
        // Last in, first out, of a list that was turned round.
        if let notification = pending.popLast() { return .notification(notification) }
        if hasMissed {
          hasMissed = false
          return .mayHaveMissed
        }
        do throws(PostgresError) {
          if let connection {
            try await receive(connection)
          } else {
            connection = try await listener.connect()
            failureCount = 0
            return .mayHaveMissed
          }
        } catch {
          await giveUpConnection(error)
        }
      }
      await connection?.close()
      connection = nil
      return nil
    }

    private mutating func receive(_ connection: ServerConnection) async throws(PostgresError) {
      let batch = try await connection.notifications(atMost: listener.bufferLimit, deadline: .now + .seconds(30))
      if batch.notifications.isEmpty {
        // After a quiet while, make sure that the server is still there, and still the one that changes go to.
        try await connection.checkWritable(deadline: .now + .seconds(5))
      }
      pending = batch.notifications.reversed()
      hasMissed = batch.droppedCount > 0
    }

    private mutating func giveUpConnection(_ error: PostgresError) async {
      await connection?.close()
      connection = nil
      guard !error.isCancelled else { return }
      listener.logger.warning(
        "listening for notifications of the database broke off", metadata: ["error": "\(error)"])
      failureCount += 1
      // 50 to 100 ms after the first failure, later 3 to 6 s.
      let ceiling = Duration.milliseconds(100 * (1 << Swift.min(failureCount - 1, 6)))
      try? await Task.sleep(for: ceiling * Double.random(in: 0.5...1))
    }
  }

  private func connect() async throws(PostgresError) -> ServerConnection {
    let connection = try await ServerConnection.open(settings, limits: limits, deadline: .now + .seconds(10))
    for channel in channels {
      _ = try await connection.perform(
        .statement(PostgresStatement(SQL(composed: "listen \(channel.text)"))), deadline: .now + .seconds(10))
    }
    return connection
  }
}

extension PostgresPool {
  /// Listens on a connection that does not count among the pool's.
  ///
  /// - Parameter bufferLimit: how many notifications one read keeps; what comes beyond is dropped
  ///   and told as ``PostgresListener/Event/mayHaveMissed``.
  package func listen(to channels: [String], bufferLimit: Int = 1024) throws(PostgresError) -> PostgresListener {
    try PostgresListener(pool: self, channels: channels, bufferLimit: bufferLimit)
  }
}
