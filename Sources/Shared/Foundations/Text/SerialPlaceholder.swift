/// Texts that makers leave where a serial number should be. Many boards have the same, so none of them tells one board
/// from another.
package enum SerialPlaceholder {
  /// Compared without case, and without what is neither a letter nor a digit.
  private static let texts: Set<String> = [
    "0", "assettag", "baseboardserialnumber", "boardserialnumber", "chassisserialnumber", "default", "defaultstring",
    "empty", "eval", "evaluation", "fixme",
    "invalid", "na", "nil", "none", "notapplicable", "notavailable", "notpresent", "notset", "notspecified", "null",
    "oem", "placeholder", "productserialnumber", "serial", "serialno", "serialnumber", "sn", "standard",
    "systemmanufacturer", "systemproductname", "systemserial", "systemserialnumber", "systemversion", "tba", "tbd",
    "todo", "type2boardserialnumber", "undefined", "unknown", "unset", "unspecified", "xserialnumber",
    // What one maker of firmware puts in the place of a UUID.
    "03000200040005000006000700080009",
  ]
  private static let beginnings = [
    "filledby", "fillby", "notappl", "notavail", "notset", "notspec", "oemdefault", "tobeassigned", "tobedefined",
    "tobedetermined", "tobefilled", "tobeset", "tobespecified",
  ]
  /// A few letters before a run, as in SN0123456789: what makers of firmware leave in each field of its own.
  private static let prefixLengths = 1...4
  private static let runAfterPrefix = 8
  private static let order = Array("0123456789abcdefghijklmnopqrstuvwxyz".utf8)

  /// Whether a serial number is such a text, or has no letter or digit at all.
  package static func contains(_ text: some StringProtocol) -> Bool {
    var core = Array(text.utf8.compactMap(plain))
    if core.starts(with: "0x".utf8) { core.removeFirst(2) }
    guard let first = core.first else { return true }
    let word = String(decoding: core, as: UTF8.self)
    if texts.contains(word) || beginnings.contains(where: { word.hasPrefix($0) }) { return true }
    // 00000000, ffff, XXXXXXXX; a short one may be somebody's count of boards.
    if core.allSatisfy({ $0 == first }) { return first == UInt8(ascii: "0") || core.count >= 4 }
    // 0123456789, 1234567890, 123456789abcdef, 987654321.
    if core.count >= 5, isRun(core) || isRun(core.reversed()) { return true }
    // SN123456789, MB-1234567890, SSN12345678901234567, MSK0000000000.
    let digits = Array(core.drop { $0 >= UInt8(ascii: "a") })
    guard prefixLengths.contains(core.count - digits.count), digits.count >= runAfterPrefix, let digit = digits.first
    else { return false }
    return isRun(digits) || isRun(digits.reversed()) || digits.allSatisfy { $0 == digit }
  }

  /// A lower-case letter or a digit; nil for anything else.
  private static func plain(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"): byte
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): byte + 32
    default: nil
    }
  }

  /// Whether each is the next after the one before; after 9 also 0.
  private static func isRun(_ text: [UInt8]) -> Bool {
    zip(text, text.dropFirst()).allSatisfy { one, next in
      if one == UInt8(ascii: "9"), next == UInt8(ascii: "0") { return true }
      guard let place = order.firstIndex(of: one) else { return false }
      return place + 1 < order.count && order[place + 1] == next
    }
  }
}
