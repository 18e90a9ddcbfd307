import DequeModule
import NIOPosix
import Synchronization

/// Does work on a thread of a pool, one piece after the other, while its caller goes on.
///
/// One caller uses it, one call after the other. A thread stays with it as long as it has work, so that a stream of
/// pieces wakes nobody up; now and then it gives way to other work of the pool.
final class WorkLane: Sendable {
  typealias Work = @Sendable () throws -> Void

  /// How many pieces a thread does before others have their turn.
  private static let turn = 8

  private struct State {
    /// What is waiting, and first what is being done.
    var work: Deque<Work> = []
    var failure: (any Error)?
    /// The caller that waits until no more than so many pieces are left.
    var waiting: (count: Int, caller: CheckedContinuation<Void, Never>)?
  }

  private let threads: NIOThreadPool
  private let state = Mutex(State())

  init(threads: NIOThreadPool) {
    self.threads = threads
  }

  /// Adds a piece of work. Does nothing after an error.
  func add(_ work: @escaping Work) {
    let isFirst = state.withLock { state in
      guard state.failure == nil else { return false }
      state.work.append(work)
      return state.work.count == 1
    }
    if isFirst { schedule() }
  }

  /// Returns when at most `count` pieces are not done, or at once if there are not more than `limit`. Throws the error
  /// of the first that failed, after which nothing more is done.
  func wait(untilLeft count: Int, ifMoreThan limit: Int = 0) async throws {
    await withCheckedContinuation { caller in
      let isThere = state.withLock { state in
        if state.work.count <= max(count, limit) { return true }
        state.waiting = (count, caller)
        return false
      }
      if isThere { caller.resume() }
    }
    if let failure = state.withLock({ $0.failure }) { throw failure }
  }

  private func schedule() {
    threads.submit { turn in
      switch turn {
      case .active: self.work()
      case .cancelled: self.done(.failure(NIOThreadPoolError.ThreadPoolInactive()))
      }
    }
  }

  private func work() {
    for _ in 0..<Self.turn {
      guard let next = state.withLock({ $0.work.first }) else { return }
      guard done(Result { try next() }) else { return }
    }
    schedule()
  }

  /// Returns whether there is more to do.
  @discardableResult
  private func done(_ result: Result<Void, any Error>) -> Bool {
    let (hasMore, caller) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
      if case .failure(let error) = result {
        state.failure = error
        state.work = []
      } else {
        state.work.removeFirst()
      }
      guard let waiting = state.waiting, state.work.count <= waiting.count else { return (!state.work.isEmpty, nil) }
      state.waiting = nil
      return (!state.work.isEmpty, waiting.caller)
    }
    caller?.resume()
    return hasMore
  }
}
