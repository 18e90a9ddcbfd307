package import RuntimeBundle
package import UpdateCore

/// Which runtime the device starts: what is confirmed, what is on trial, and how many starts of the trial are left. Pure
/// decisions, without a file. `slotA` and `slotB` are the two places, which `record[slot]` gives too; `failure` and
/// `failedVersion` say what became of the last one that was not kept.
package struct RuntimeRecord: Sendable, Hashable {
  package var slotA = RuntimeSlotRecord.empty
  package var slotB = RuntimeSlotRecord.empty
  /// The slot whose runtime was confirmed last; nil: the package's is the device's.
  package internal(set) var active: Slot?
  /// The slot that is tried.
  package internal(set) var trial: Slot?
  /// How often the trial may still be started.
  package internal(set) var startsLeft: UInt8 = 0
  /// Older runtimes are not taken any more, however they are signed.
  package internal(set) var minimumVersion = RuntimeVersion.none
  /// Why the last one was given up, and its version; empty: none was, since one was confirmed.
  package internal(set) var failure = ""
  package internal(set) var failedVersion = RuntimeVersion.none

  /// How often a runtime is started to confirm itself, before the one before it is started again.
  package static let trialStarts: UInt8 = 3

  package init() {}

  /// The record of one slot.
  package subscript(slot: Slot) -> RuntimeSlotRecord {
    get { slot == .a ? slotA : slotB }
    set { if slot == .a { slotA = newValue } else { slotB = newValue } }
  }

  /// What to start.
  package enum Choice: Sendable, Hashable {
    /// What the package of the operating system brought.
    case packaged
    case slot(Slot)
  }

  /// What to start, in this order: the next one if one can't be started. It ends with `packaged`. Counts a start of the
  /// trial, so it has to be saved before anything is started; if it can't be, `withoutTrial` says what to start.
  package mutating func takeStart(packaged: RuntimeVersion) -> [Choice] {
    guard let trial else { return kept(packaged) }
    guard startsLeft > 0 else {
      fail("it did not confirm itself in \(Self.trialStarts) starts")
      return kept(packaged)
    }
    startsLeft -= 1
    return [.slot(trial)] + kept(packaged)
  }

  /// What to start where no start of a trial can be counted, and it might be started for ever.
  package func withoutTrial(packaged: RuntimeVersion) -> [Choice] { kept(packaged) }

  private func kept(_ packaged: RuntimeVersion) -> [Choice] {
    let slots = active.map { [$0, $0.other] } ?? []
    let usable = slots.filter { slot in
      self[slot].state == .confirmed && self[slot].version >= minimumVersion
        && self[slot].goesBefore(package: packaged)
    }
    return usable.map { .slot($0) } + [.packaged]
  }

  /// The version that the device has when nothing is tried.
  package func keptVersion(packaged: RuntimeVersion) -> RuntimeVersion {
    guard case .slot(let slot) = kept(packaged)[0] else { return packaged }
    return self[slot].version
  }

  /// The trial is given up.
  package mutating func fail(_ reason: String) {
    guard let slot = trial else { return }
    trial = nil
    startsLeft = 0
    failure = reason
    failedVersion = self[slot].version
    self[slot].state = .failed
  }

  /// The trial has proved itself.
  package mutating func confirm() {
    guard let slot = trial else { return }
    trial = nil
    startsLeft = 0
    active = slot
    self[slot].state = .confirmed
    minimumVersion = max(minimumVersion, self[slot].minimumVersion)
    (failure, failedVersion) = ("", .none)
  }

  /// The same, unless something else is tried by now: the one that has proved itself was given up meanwhile, and another was
  /// installed in its place.
  ///
  /// - Parameter tried: what was on record of the slot when the one that has proved itself began.
  /// - Returns: whether it is kept.
  package mutating func confirm(_ tried: RuntimeSlotRecord, in slot: Slot) -> Bool {
    guard trial == slot, self[slot] == tried else { return false }
    confirm()
    return true
  }

  /// Gives up the trial, or else goes back to what was there before the confirmed one.
  ///
  /// - Returns: false if there is nothing to go back from.
  package mutating func rollBack() -> Bool {
    if trial != nil {
      fail("it was rolled back by hand")
      return true
    }
    guard let slot = active else { return false }
    (failure, failedVersion) = ("it was rolled back by hand", self[slot].version)
    self[slot].state = .failed
    let other = self[slot.other]
    active = other.state == .confirmed && other.version >= minimumVersion ? slot.other : nil
    return true
  }

  /// Where the next runtime goes: the slot that nothing starts from.
  package var spare: Slot { active?.other ?? .a }

  /// The slot may be written to: nothing starts from it any more.
  mutating func empty(_ slot: Slot) { self[slot] = .empty }

  /// The slot holds a whole runtime, which is tried at the next start.
  mutating func stage(_ record: RuntimeSlotRecord, in slot: Slot) {
    self[slot] = record
    trial = slot
    startsLeft = Self.trialStarts
  }
}
