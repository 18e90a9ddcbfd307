package import DeviceProtocol
import Foundations

/// What the server has of the log, and what it is sent next.
extension DeviceLog {
  /// The time between two writes of what was acknowledged. Lines that are sent again after a restart because the flash
  /// did not have that yet are stored once all the same.
  private static let saveInterval = Duration.seconds(60)

  /// Continues the log that is on the flash, or begins another.
  func openState() {
    nextSave = .now + Self.saveInterval
    if let stored = DeviceLogState.load(from: flash), !segments.isEmpty, stored.acknowledged <= lastID {
      (state, savedState) = (stored, stored)
      return
    }
    // IDs may have begun anew, and none of the lines was told by this name.
    state = DeviceLogState()
    saveState()
  }

  /// Notes that the flash can't be relied on any more.
  func becomeVolatile() {
    guard !isVolatile else { return }
    isVolatile = true
    state.log = DeviceLogState().log
  }

  /// The oldest lines that were not acknowledged; nil if there are none. They are durable when this returns.
  package func nextBatch(maximumBytes: Int, maximumLines: Int) -> LogBatch? {
    // What was acknowledged is never read again.
    let sent = max(state.acknowledged, setAsideThrough)
    guard sent < lastID else { return nil }
    let lines = lines(after: sent, count: maximumLines)
    if !isVolatile {
      do throws(FlashError) { try segments.sync() } catch { becomeVolatile() }
    }
    return LogBatch(
      log: state.log, run: .init(run: RandomName.text(run), after: runAfter), after: state.acknowledged, lines: lines,
      maximumBytes: maximumBytes)
  }

  /// The shortest time between two times that somebody makes the log begin anew.
  private static let renamingInterval = Duration.seconds(60)

  /// Gives this run's lines another log to count in, if the server has other lines by their IDs: the flash is an old
  /// copy then. Lines of the time before this run are those that the server has.
  ///
  /// - Returns: whether it did.
  package func beginAnew(if position: AcknowledgementMessage.LogPosition, now: ContinuousClock.Instant = .now) -> Bool {
    // A server of before says only that it has more lines than there are.
    guard position.log == state.log, position.reused == RandomName.text(run) || position.through > lastID,
      now >= nextRenaming
    else { return false }
    nextRenaming = now + Self.renamingInterval
    state = DeviceLogState()
    state.acknowledged = runAfter
    saveState()
    return true
  }

  /// Gives up lines that can't be sent, up to this ID: the next batch tells how many were lost.
  package func setAside(through id: UInt64, of log: String) {
    if log == state.log { setAsideThrough = min(max(id, setAsideThrough), lastID) }
  }

  /// Notes that the server has the lines up to this ID, so that they need not be sent again.
  package func acknowledge(through id: UInt64, of log: String, now: ContinuousClock.Instant = .now) {
    guard log == state.log, id > state.acknowledged else { return }
    state.acknowledged = min(id, lastID)
    if now >= nextSave { saveState() }
  }

  /// Writes down what was acknowledged. To be called before the end; without it some lines are sent again.
  package func saveState() {
    nextSave = .now + Self.saveInterval
    guard !isVolatile, state != savedState else { return }
    do throws(FlashError) {
      try state.save(to: flash)
      savedState = state
    } catch {
      // An old state would make lines of this run those of a log that it does not know.
      if savedState?.log != state.log { DeviceLogState.remove(from: flash) }
    }
  }

  /// What a crash report tells of the time before: the newest lines of that version.
  package func lastLines(_ count: Int, ofVersion version: UInt64) -> [DeviceLogLine] {
    // Lines of others, like those of an app on trial, are between them.
    newestLines(4 * count).filter { $0.firmwareVersion == version }.suffix(count)
  }
}
