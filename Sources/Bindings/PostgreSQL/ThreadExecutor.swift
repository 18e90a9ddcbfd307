import Glibc
import Synchronization

/// Runs the jobs of one actor, in order, on a thread of its own, so that calls which block hold up
/// nobody else.
@safe final class ThreadExecutor: SerialExecutor, Sendable {
  private struct State {
    var jobs: [UnownedJob] = []
    var isStopped = false
  }

  private let state = Mutex(State())
  /// Wakes the thread: posted once for each job and once for the stop.
  // Sound: POSIX semaphores may be used from any thread, and the pointer never changes.
  private nonisolated(unsafe) let work: UnsafeMutablePointer<sem_t>

  init() {
    unsafe work = .allocate(capacity: 1)
    unsafe sem_init(work, 0, 0)
  }

  deinit {
    unsafe sem_destroy(work)
    unsafe work.deallocate()
  }

  /// Starts the thread, which keeps the executor alive until ``stop()``.
  func start() throws(PostgresError) {
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(self)
    let code = unsafe pthread_create(
      &thread, nil,
      { argument in
        let executor = unsafe Unmanaged<ThreadExecutor>.fromOpaque(argument!).takeRetainedValue()
        executor.runJobs()
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      unsafe context.release()
      throw PostgresError(
        .connectionFailed,
        "no thread for a database connection (pthread_create: error \(code)): allow fewer connections, "
          + "or raise the limit on processes")
    }
    pthread_detach(thread)
  }

  /// Ends the thread after the jobs it has.
  func stop() {
    state.withLock { $0.isStopped = true }
    unsafe sem_post(work)
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    state.withLock { $0.jobs.append(job) }
    unsafe sem_post(work)
  }

  private func runJobs() {
    while true {
      // Fails only with EINTR, and then there is perhaps nothing to do yet.
      unsafe sem_wait(work)
      let (jobs, isStopped) = state.withLock { state in
        defer { state.jobs = [] }
        return (state.jobs, state.isStopped)
      }
      for job in jobs {
        unsafe job.runSynchronously(on: asUnownedSerialExecutor())
      }
      if isStopped && jobs.isEmpty { return }
      // A stop that came with jobs: whatever they enqueued is run before the thread ends.
      if isStopped { unsafe sem_post(work) }
    }
  }
}
