import ServiceKit
import Synchronization

/// Shows a transfer's progress from its first news on, when the length is known.
final class TransferProgress: Sendable {
  private let label: String
  private let bar = Mutex<ProgressBar?>(nil)

  init(_ label: String) {
    self.label = label
  }

  func update(_ completedBytes: Int, _ totalBytes: Int) {
    guard totalBytes > 0 else { return }
    let bar = bar.withLock { bar in
      let shown = bar ?? ProgressBar(label, totalBytes: totalBytes)
      bar = shown
      return shown
    }
    bar.update(completedBytes: completedBytes)
  }

  func finish() {
    bar.withLock { $0 }?.finish()
  }
}
