import Dispatch

/// Blocks a transport's thread, as a program that hangs does, until the test releases it.
final class StuckOwner: Sendable {
  private let semaphore = DispatchSemaphore(value: 0)

  func wait() {
    semaphore.wait()
    // For whoever comes next.
    semaphore.signal()
  }

  func release() { semaphore.signal() }
}
