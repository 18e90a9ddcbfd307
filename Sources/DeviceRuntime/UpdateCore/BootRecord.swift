/// What decides which app a device runs. The only state that must survive a power cut. `slotA` and `slotB` say what
/// the two slots hold.
package struct BootRecord: Sendable, Hashable {
  /// How often the agent has started, so that what it numbers never repeats.
  package var bootCount: UInt32 = 0
  /// A random number for the flash that the starts are counted on: an old copy of the flash, or an empty one, gets
  /// another before anybody believes its numbers. 0: none yet.
  package var epoch: UInt64 = 0
  /// The kernel's boot in which the agent last started: another one means that the power failed meanwhile.
  package var boot = BootID.unknown
  /// Whether the agent ended because it was asked to, so that an interrupted trial counts neither as its death nor as
  /// a power cut.
  package var isStoppedCleanly = false
  /// The slot whose app is kept; nil: none yet.
  package var active: Slot?
  package var slotA = SlotRecord.empty
  package var slotB = SlotRecord.empty
  /// A version below this is never run again.
  package var highestConfirmedVersion: UInt64 = 0
  /// The newest version that was not kept, until a newer one is confirmed.
  package var failed: FailedVersion?

  package init() {}

  /// What a slot holds.
  package subscript(slot: Slot) -> SlotRecord {
    get { slot == .a ? slotA : slotB }
    set {
      switch slot {
      case .a: slotA = newValue
      case .b: slotB = newValue
      }
    }
  }

  /// The slot that a new image may overwrite.
  package var spare: Slot { active?.other ?? .a }
}
