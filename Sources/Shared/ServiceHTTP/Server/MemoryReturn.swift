import CLinux

/// Gives memory back to the system after a crowd has gone.
///
/// What many connections needed at once, glibc keeps for the process afterwards, in pieces among what is still used.
/// Going through it costs some milliseconds, so it is done only when half of the connections there were are gone.
struct MemoryReturn {
  private let ledger: ConnectionLedger
  private static let interval = Duration.seconds(5)
  /// Fewer are not worth it.
  private static let crowd = 64

  init(_ ledger: ConnectionLedger) {
    self.ledger = ledger
  }

  func run() async {
    var highest = 0
    while true {
      do { try await Task.sleep(for: Self.interval) } catch { return }
      let level = ledger.level()
      highest = max(highest, level.highest)
      guard highest >= Self.crowd, level.current <= highest / 2 else { continue }
      _ = linux_malloc_trim(0)
      highest = level.current
    }
  }
}
