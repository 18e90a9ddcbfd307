import Glibc

/// Lets a thread that just had work look a few times more before it sleeps.
///
/// Going to sleep and being woken costs more than a small request, and what comes meanwhile is
/// handled together. A thread without work sleeps: this ends after some microseconds.
struct Patience {
  private static let turns = 8

  private var left = 0

  mutating func renew() { left = Self.turns }

  /// Whether it is time to sleep. If not, other threads have had their turn.
  var isOver: Bool {
    mutating get {
      guard left > 0 else { return true }
      left -= 1
      sched_yield()
      return false
    }
  }
}
