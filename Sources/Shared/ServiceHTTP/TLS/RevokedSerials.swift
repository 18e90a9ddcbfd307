/// Serial numbers of revoked certificates of one issuer, with when each certificate expires.
///
/// Kept in one sorted array: a fleet of a million devices may have revoked a hundred thousand, and each service keeps
/// them all.
struct RevokedSerials: Sendable {
  /// RFC 5280 allows no more.
  static let slotBytes = 20

  struct Entry: Sendable {
    /// Padded in front to `slotBytes`.
    var slot: ArraySlice<UInt8>
    /// Seconds since 1970.
    var expiresAt: UInt64
  }

  /// Slots in order, none twice.
  private var slots: [UInt8] = []
  /// When the certificate of each slot expires, in minutes since 1970, rounded up.
  private var expiries: [UInt32] = []

  var count: Int { expiries.count }

  func contains(_ serialNumber: [UInt8]) -> Bool {
    guard serialNumber.count <= Self.slotBytes else { return false }
    let slot = [UInt8](repeating: 0, count: Self.slotBytes - serialNumber.count) + serialNumber
    var (low, high) = (0, count)
    while low < high {
      let middle = (low + high) / 2
      switch compare(middle, slot[...]) {
      case 0: return true
      case ..<0: low = middle + 1
      default: high = middle
      }
    }
    return false
  }

  /// Adds serial numbers, and drops those whose certificates expired more than a day ago: they are refused for that.
  ///
  /// - Parameter now: seconds since 1970.
  mutating func add(_ entries: [Entry], now: UInt64) {
    let new = entries.filter { $0.slot.count == Self.slotBytes }.sorted { $0.slot.lexicographicallyPrecedes($1.slot) }
    guard !new.isEmpty else { return }
    let oldestKept = UInt32(clamping: (now < 86_400 ? 0 : now - 86_400) / 60)
    var (slots, expiries): ([UInt8], [UInt32]) = ([], [])
    slots.reserveCapacity(self.slots.count + new.count * Self.slotBytes)
    expiries.reserveCapacity(count + new.count)
    func append(_ slot: ArraySlice<UInt8>, _ expiry: UInt32) {
      guard expiry >= oldestKept, slots.suffix(Self.slotBytes) != slot else { return }
      slots.append(contentsOf: slot)
      expiries.append(expiry)
    }
    var index = 0
    for entry in new {
      while index < count, compare(index, entry.slot) < 0 {
        append(slot(index), self.expiries[index])
        index += 1
      }
      append(entry.slot, UInt32(clamping: entry.expiresAt / 60 + 1))
    }
    while index < count {
      append(slot(index), self.expiries[index])
      index += 1
    }
    self.slots = slots
    self.expiries = expiries
  }

  private func slot(_ index: Int) -> ArraySlice<UInt8> {
    slots[index * Self.slotBytes..<(index + 1) * Self.slotBytes]
  }

  /// Negative if the one at the index comes first.
  private func compare(_ index: Int, _ other: ArraySlice<UInt8>) -> Int {
    for (mine, theirs) in zip(slot(index), other) where mine != theirs { return mine < theirs ? -1 : 1 }
    return 0
  }
}
