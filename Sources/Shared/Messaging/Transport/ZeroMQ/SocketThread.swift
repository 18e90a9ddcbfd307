import Dispatch
import Glibc
import Linux
import Synchronization

/// What a ``SocketThread`` does: looks after sockets.
protocol SocketLoop: AnyObject {
  /// Serves the sockets until tasks wait for the thread, or until the sockets are to be closed.
  func serve() -> SocketLoopPause
}

enum SocketLoopPause {
  case tasksWait
  case closed
}

/// The thread that owns sockets, which also runs the tasks that it wakes itself.
///
/// A task that prefers this executor and is woken by what came over a socket runs on the thread that
/// received it, between one look at the sockets and the next: a switch to another thread and back
/// costs more than most requests. What other threads wake runs on the global pool.
///
/// A task that does not let go of the thread does not hold up the sockets for long: they get another
/// thread, and the old one ends with its task.
final class SocketThread: TaskExecutor {
  /// How long tasks run before the sockets have their turn again: peers go to work on what is sent then.
  private static let sliceNanoseconds: UInt64 = 100_000
  /// What is woken later than this in one slice, because a task took long, runs on the pool.
  private static let budgetNanoseconds: UInt64 = 1_000_000
  /// How often to look whether a task holds up the thread, while there are any.
  private static let watchInterval: DispatchTimeInterval = .milliseconds(20)

  private struct State {
    var jobs: [UnownedJob] = []
    /// How many of the jobs were taken.
    var taken = 0
    /// The thread that owns the sockets; 0 if there is none.
    var owner: pthread_t = 0
    var isRunningJob = false
    /// When the slice began; 0 between slices.
    var began: UInt64 = 0
    /// Counts the jobs.
    var turn: UInt64 = 0
    var isWatched = false
    var watchedTurn: UInt64 = 0
    var watch: (any DispatchSourceTimer)?
    /// Gives the sockets another thread.
    var replace: (@Sendable () -> Void)?
  }

  /// Where the loop is, for whichever thread owns it.
  private final class Seat: @unchecked Sendable {
    // Sound: only the owner touches the loop, and another thread becomes the owner under the lock of
    // the state, while the old one runs a job; that one looks at the state before it would go on.
    var loop: (any SocketLoop)?
  }

  private let name: String
  private let state = Mutex(State())
  /// The owner, for a first look without the lock.
  private let ownerHint = Atomic<UInt>(0)

  init(name: String) {
    self.name = name
  }

  /// Starts the thread, which makes its loop and releases it.
  ///
  /// - Parameters:
  ///   - makeLoop: nil if it can't be made, which ends the thread.
  ///   - ended: called when the loop is gone, and its sockets with it.
  func start(
    _ makeLoop: @escaping @Sendable () -> (any SocketLoop)?, ended: @escaping @Sendable () -> Void
  ) throws(NativeThreadError) {
    let seat = Seat()
    state.withLock { state in
      state.replace = { [weak self] in self?.startThread(on: seat, ended: ended) }
    }
    try NativeThread.start(name) {
      seat.loop = makeLoop()
      if seat.loop == nil { ended() } else { self.run(seat, ended: ended) }
    }
  }

  private func startThread(on seat: Seat, ended: @escaping @Sendable () -> Void) {
    do throws(NativeThreadError) {
      try NativeThread.start(name) { self.run(seat, ended: ended) }
    } catch {
      // At the limit of threads. Nobody else may look after the sockets, so this goes on until one can be had.
      DispatchQueue.global().asyncAfter(deadline: .now() + Self.watchInterval) {
        self.startThread(on: seat, ended: ended)
      }
    }
  }

  private func run(_ seat: Seat, ended: @Sendable () -> Void) {
    let me = pthread_self()
    state.withLock { $0.owner = me }
    ownerHint.store(UInt(me), ordering: .relaxed)
    while seat.loop?.serve() == .tasksWait {
      guard runJobs(asOwner: me) else { return }
    }
    retire()
    seat.loop = nil
    ended()
  }

  private func retire() {
    let (left, watch) = state.withLock { state in
      defer {
        state.owner = 0
        state.jobs = []
        state.taken = 0
        state.watch = nil
        state.replace = nil
      }
      return (state.jobs[state.taken...], state.watch)
    }
    ownerHint.store(0, ordering: .relaxed)
    watch?.cancel()
    for job in left { runOnPool(job) }
  }

  // MARK: Tasks

  /// Whether tasks wait for the thread. For the loop.
  var hasJobs: Bool { state.withLock { !$0.jobs.isEmpty } }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    let me = pthread_self()
    guard ownerHint.load(ordering: .relaxed) == UInt(me) else { return runOnPool(job) }
    let isKept = state.withLock { state in
      guard state.owner == me, state.began == 0 || Self.now - state.began < Self.budgetNanoseconds else { return false }
      state.jobs.append(job)
      return true
    }
    if !isKept { runOnPool(job) }
  }

  private func runOnPool(_ job: UnownedJob) {
    // Not through the pool's own executor: the task would leave it again at its next call.
    DispatchQueue.global().async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }

  /// Runs tasks for a while.
  ///
  /// - Returns: false if the sockets have another owner by now.
  private func runJobs(asOwner me: pthread_t) -> Bool {
    let executor = asUnownedTaskExecutor()
    let began = Self.now
    state.withLock { state in
      state.began = began
      watch(&state)
    }
    while let job = nextJob(asOwner: me) {
      job.runSynchronously(on: executor)
      if Self.now - began > Self.sliceNanoseconds { break }
    }
    return state.withLock { state in
      guard state.owner == me else { return false }
      state.isRunningJob = false
      state.began = 0
      return true
    }
  }

  private static var now: UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  private func nextJob(asOwner me: pthread_t) -> UnownedJob? {
    state.withLock { state in
      guard state.owner == me else { return nil }
      guard state.taken < state.jobs.count else {
        state.jobs.removeAll(keepingCapacity: true)
        state.taken = 0
        return nil
      }
      defer {
        state.taken += 1
        state.turn &+= 1
        state.isRunningJob = true
      }
      return state.jobs[state.taken]
    }
  }

  // MARK: Watch

  private func watch(_ state: inout State) {
    guard !state.isWatched else { return }
    state.isWatched = true
    let watch = state.watch ?? makeWatch()
    state.watch = watch
    state.watchedTurn = state.turn
    watch.schedule(deadline: .now() + Self.watchInterval, leeway: .milliseconds(2))
  }

  private func makeWatch() -> any DispatchSourceTimer {
    // A queue with a thread of its own, also when every thread of the pool is busy.
    let watch = DispatchSource.makeTimerSource(queue: DispatchQueue(label: "\(name)-watch"))
    watch.setEventHandler { [weak self] in self?.look() }
    watch.activate()
    return watch
  }

  /// Takes the sockets from a thread whose job is the same as at the last look.
  private func look() {
    let (replace, left) = state.withLock { state -> ((@Sendable () -> Void)?, ArraySlice<UnownedJob>) in
      guard state.owner != 0 else { return (nil, []) }
      guard state.turn == state.watchedTurn else {
        state.watchedTurn = state.turn
        state.watch?.schedule(deadline: .now() + Self.watchInterval, leeway: .milliseconds(2))
        return (nil, [])
      }
      state.isWatched = false
      guard state.isRunningJob else { return (nil, []) }
      defer {
        state.owner = 0
        state.isRunningJob = false
        state.began = 0
        state.jobs = []
        state.taken = 0
      }
      ownerHint.store(0, ordering: .relaxed)
      return (state.replace, state.jobs[state.taken...])
    }
    for job in left { runOnPool(job) }
    replace?()
  }
}
