/// What the host functions of one running app work on. For the app's thread.
final class AppContext {
  let launch: AppLaunch
  let entry: AppEntry
  let log: AppLog
  let outbox: AppOutbox
  let publications: PublicationLedger
  var timers: TimerTable
  private(set) var isHealthConfirmed = false

  init(launch: AppLaunch, entry: AppEntry, log: AppLog, outbox: AppOutbox, publications: PublicationLedger) {
    self.launch = launch
    self.entry = entry
    self.log = log
    self.outbox = outbox
    self.publications = publications
    timers = TimerTable(capacity: launch.limits.timers)
  }

  func confirmHealth() {
    guard !isHealthConfirmed else { return }
    isHealthConfirmed = true
    outbox.put(.healthConfirmed)
  }
}
