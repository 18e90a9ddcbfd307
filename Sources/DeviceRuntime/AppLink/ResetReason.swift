/// Why an app is started, which it reads with `reset_reason`. The numbers are the host API's: they never change.
package enum ResetReason: Int32, Sendable, CaseIterable {
  /// The device was switched on, or its agent began anew.
  case power = 0
  /// The first start of a new version.
  case update = 1
  /// A newer version was taken back.
  case rollback = 2
  /// The app's last run crashed, or its process was killed.
  case trap = 3
  /// The app's last run took too long in a call.
  case deadline = 4
  /// The app's last run did not feed its watchdog.
  case watchdog = 5
  /// The app's last run ended by itself.
  case exit = 6

  /// The reason for a start after a run that ended so.
  package init(after ending: AppEnding) {
    self =
      switch ending {
      case .exited: .exit
      case .stopped: .power
      case .trapped, .startFailed, .killed, .hostFailed: .trap
      case .deadlineExceeded: .deadline
      case .watchdogMissed: .watchdog
      }
  }
}
