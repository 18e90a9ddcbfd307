/// Where a device's reports have got to: the report's number (`sequence`), counted from 1.
///
/// A device that lost its flash, or got an old copy of it back, counts from elsewhere. Numbers alone can't tell that
/// from a message that is late; so a device whose newest report is answered with a position that is not its own
/// chooses another epoch, and names what it was told. Nothing that was sent before can do that.
package struct ReportPosition: Sendable, Hashable {
  /// A random number that belongs to the flash on which the sequence is counted; 0 from a device that names none.
  package var epoch: UInt64
  package var sequence: UInt64

  package init(epoch: UInt64 = 0, sequence: UInt64) {
    self.epoch = epoch
    self.sequence = sequence
  }

  /// Devices of older agents, and reports that came through an older Notifier, have no epoch: their numbers count alone.
  private func isComparable(with other: ReportPosition) -> Bool {
    epoch == other.epoch || epoch == 0 || other.epoch == 0
  }

  /// Whether a report at this position takes the place of what is held.
  ///
  /// - Parameter supersedes: what the device was told that is held.
  package func follows(_ held: ReportPosition, supersedes: ReportPosition?) -> Bool {
    supersedes == held || isComparable(with: held) && sequence > held.sequence
  }

  /// Whether a report at this position is the one that is held.
  package func isRepeat(of held: ReportPosition) -> Bool {
    sequence == held.sequence && isComparable(with: held)
  }
}
