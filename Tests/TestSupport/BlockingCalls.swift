import Dispatch

/// Runs `body` on a thread of its own, so that it may make calls that block, like those of `RawTCPClient`.
///
/// The shared threads of tasks are as few as the machine has processors: a test that blocks one of them may be waiting
/// for a server that needs it to answer. The tasks that `body` starts as children run on that one thread too.
package func allowingBlockingCalls<T, Failure: Error>(
  _ body: () async throws(Failure) -> T
) async throws(Failure) -> T {
  try await withTaskExecutorPreference(OwnThread(), operation: body)
}

private final class OwnThread: TaskExecutor {
  // A serial queue always gets a thread, also when all others block.
  private let queue = DispatchQueue(label: "tests.blocking")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
