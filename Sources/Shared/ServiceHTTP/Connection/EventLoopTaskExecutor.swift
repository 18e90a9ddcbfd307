import NIOCore

/// Runs tasks on an event loop.
///
/// A task that reads from and writes to a connection then needs no other thread: without it every piece of a body costs
/// two wake-ups, which is more than sending it. What blocks belongs elsewhere, as it does in Swift's own pool.
final class EventLoopTaskExecutor: TaskExecutor {
  private let loop: any EventLoop

  init(_ loop: any EventLoop) {
    self.loop = loop
  }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    loop.execute { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
