import Synchronization

@testable import DeviceStorage

/// Breaks a flash in memory, and mends it: while it is broken it can be read and not changed.
package final class FlashBreaker: Sendable {
  private let broken = Atomic(false)

  package init() {}

  package var isBroken: Bool {
    get { broken.load(ordering: .relaxed) }
    set { broken.store(newValue, ordering: .relaxed) }
  }

  /// To be used while this object lives.
  package func flash() -> FaultyFlash {
    FaultyFlash(
      InMemoryFlash(),
      fault: { [weak self] operation, _ in
        switch operation {
        case .list, .size, .read: nil
        case .write, .resize, .sync, .rename, .remove, .syncNames:
          self?.isBroken == true ? FlashError(.failed, "the flash is broken") : nil
        }
      })
  }
}
