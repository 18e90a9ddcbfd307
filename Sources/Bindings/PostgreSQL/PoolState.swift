/// Who may use which connection of a pool: the rules alone, without locks and input or output.
///
/// There are as many permits as connections. A caller holds a permit from its admission to its
/// release, and with it either a connection or the right to make one.
struct PoolState<Connection, Waiter: AnyObject> {
  /// What a permit comes with: a connection that is there, or the right to make one.
  enum Grant {
    case reuse(Connection)
    case open
  }

  /// What becomes of a caller that comes.
  enum Admission {
    case granted(Grant)
    case queued
    case refused
    case closed
  }

  let maximumConnections: Int
  let maximumWaiters: Int
  private(set) var grantedCount = 0
  /// The most recently used last, and used first, so that connections not needed grow old.
  private(set) var idle: [Connection] = []
  /// First come, first served.
  private(set) var waiters: [Waiter] = []
  private(set) var isClosed = false

  init(maximumConnections: Int, maximumWaiters: Int) {
    self.maximumConnections = maximumConnections
    self.maximumWaiters = maximumWaiters
  }

  /// - Parameter waiter: kept if it has to queue.
  mutating func admit(_ waiter: Waiter) -> Admission {
    guard !isClosed else { return .closed }
    if grantedCount < maximumConnections {
      grantedCount += 1
      return .granted(nextGrant())
    }
    guard waiters.count < maximumWaiters else { return .refused }
    waiters.append(waiter)
    return .queued
  }

  /// What the holder of a permit gets: also again, if the connection that it got is unusable.
  mutating func nextGrant() -> Grant {
    idle.popLast().map(Grant.reuse) ?? .open
  }

  /// Takes out the connections that nobody uses, when they are found to be of no more use.
  mutating func takeIdle() -> [Connection] {
    defer { idle = [] }
    return idle
  }

  /// Takes a caller out of the queue that waits no longer.
  mutating func remove(_ waiter: Waiter) {
    waiters.removeAll { $0 === waiter }
  }

  /// What is to be done with a permit that came back.
  enum Release {
    /// The permit goes to this waiter. If it does not want it any more, release again.
    case handOver(Waiter, Grant)
    /// The connection is to be closed: the pool is.
    case close(Connection)
    case done
  }

  /// Gives back a permit, and the connection unless that is gone.
  mutating func release(_ connection: Connection?) -> Release {
    if isClosed {
      grantedCount -= 1
      return connection.map(Release.close) ?? .done
    }
    if !waiters.isEmpty {
      return .handOver(waiters.removeFirst(), connection.map(Grant.reuse) ?? nextGrant())
    }
    grantedCount -= 1
    if let connection { idle.append(connection) }
    return .done
  }

  /// - Returns: what has to be told and closed.
  mutating func close() -> (waiters: [Waiter], idle: [Connection]) {
    isClosed = true
    defer { (waiters, idle) = ([], []) }
    return (waiters, idle)
  }
}

extension PoolState.Grant: Sendable where Connection: Sendable {}
