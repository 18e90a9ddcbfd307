import Synchronization

/// Hands commands from any thread to the one thread that carries them out, and tells the sender
/// when that thread sleeps and must be woken: once for any number of commands.
final class Mailbox<Command: Sendable>: Sendable {
  private struct State {
    var commands: [Command] = []
    var isOwnerAsleep = false
  }

  private let state = Mutex(State())

  /// - Returns: whether the owner sleeps; the caller must then wake it.
  func post(_ command: Command) -> Bool {
    state.withLock { state in
      state.commands.append(command)
      let mustWake = state.isOwnerAsleep
      state.isOwnerAsleep = false
      return mustWake
    }
  }

  /// Moves all commands into `batch`, which must be empty. For the owner.
  func take(into batch: inout [Command]) {
    state.withLock { state in
      state.isOwnerAsleep = false
      swap(&state.commands, &batch)
    }
  }

  /// The owner's last look before it sleeps.
  ///
  /// - Returns: false if there are commands and it must not sleep.
  func announceSleep() -> Bool {
    state.withLock { state in
      state.isOwnerAsleep = state.commands.isEmpty
      return state.isOwnerAsleep
    }
  }
}
