import TestFlash
import TestSupport
import Testing

@testable import DeviceStorage

/// No power cut, and no damage to one of the files, unsets a fuse.
@Suite(.seated) struct FileOTPBankTests {
  /// What is programmed, in this order.
  static let changes: [(word: Int, bits: UInt32)] = [(6, 0xFF), (6, 0xF00), (7, .max), (33, 1), (6, 0x8000_0000)]

  static func words(after count: Int) throws -> OTPWords {
    var words = OTPWords()
    for change in changes.prefix(count) { try words.program(change.bits, word: change.word) }
    return words
  }

  @Test func everyOperationMayBeTheLast() throws {
    let whole = try PowerCutFlash(base: InMemoryFlash())
    for change in Self.changes { try FileOTPBank(whole).program(change.bits, word: change.word) }
    #expect(whole.changes > 20)
    for cutAt in 1...whole.changes {
      for survival in PowerCutTests.survivals {
        let flash = try PowerCutFlash(base: InMemoryFlash(), cutAt: cutAt)
        var acknowledged = 0
        for change in Self.changes {
          do { try FileOTPBank(flash).program(change.bits, word: change.word) } catch { break }
          acknowledged += 1
        }
        let reborn = try flash.reboot(survival)
        let found = try FileOTPBank(reborn).read()
        let begun = min(acknowledged + 1, Self.changes.count)
        let expected = [try Self.words(after: acknowledged), try Self.words(after: begun)]
        #expect(expected.contains(found), "cut at \(cutAt), \(survival)")
        // And it goes on from there, again across a loss of all that is not synced.
        for change in Self.changes { try FileOTPBank(reborn).program(change.bits, word: change.word) }
        let later = try FileOTPBank(try reborn.reboot(.nothing)).read()
        #expect(later == (try Self.words(after: Self.changes.count)), "after a cut at \(cutAt), \(survival)")
      }
    }
  }

  /// The power fails a second time, while what the first cut left is put right.
  @Test func aCutWhileItRecoversUnsetsNothing() throws {
    for firstCut in 1...12 {
      for secondCut in 1...8 {
        for survival in PowerCutTests.survivals.prefix(6) {
          let flash = try PowerCutFlash(base: InMemoryFlash())
          for change in Self.changes.prefix(2) { try FileOTPBank(flash).program(change.bits, word: change.word) }
          let first = try flash.reboot(.everything, cutAt: firstCut)
          try? FileOTPBank(first).program(1 << 20, word: 6)
          let second = try first.reboot(survival, cutAt: secondCut)
          let between = try FileOTPBank(second).read()
          try? FileOTPBank(second).program(1 << 21, word: 6)
          let after = try FileOTPBank(try second.reboot(survival)).read()
          #expect(between.union(after) == after, "cuts at \(firstCut) and \(secondCut), \(survival)")
          #expect(try Self.words(after: 2).union(after) == after)
        }
      }
    }
  }

  @Test(arguments: [0, 1]) func aDamagedCopyLosesNothing(_ copy: Int) throws {
    let flash = InMemoryFlash()
    for change in Self.changes { try FileOTPBank(flash).program(change.bits, word: change.word) }
    try FileOTPBank(flash).program(1, word: 3)
    let all = try Self.words(after: Self.changes.count).union(try Self.with(bits: 1, word: 3))
    for offset in stride(from: 0, to: 184, by: 7) as StrideTo<UInt64> {
      let name = FileOTPBank.copies[copy]
      let byte = try flash.read(name, from: offset, count: 1)[0]
      try flash.write([byte ^ 0x10].span.bytes, to: name, at: offset)
      #expect(try FileOTPBank(flash).read() == all)
      // The next change puts the damaged one right, so that the other may be lost then.
      try FileOTPBank(flash).program(1, word: 3)
      try flash.remove(FileOTPBank.copies[1 - copy])
      #expect(try FileOTPBank(flash).read() == all)
      try FileOTPBank(flash).program(1, word: 3)
    }
  }

  @Test func aBankWithBothCopiesDamagedIsNotBlank() throws {
    let flash = InMemoryFlash()
    try FileOTPBank(flash).program(1, word: 6)
    for name in FileOTPBank.copies { try flash.write([0].span.bytes, to: name, at: 20) }
    for name in FileOTPBank.copies { try flash.write([9].span.bytes, to: name, at: 100) }
    for operation: () throws -> Void in [
      { _ = try FileOTPBank(flash).read() }, { try FileOTPBank(flash).program(1, word: 7) },
    ] {
      let error = #expect(throws: OTPError.self) { try operation() }
      guard case .damaged = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
  }

  @Test func aFlashThatFailsIsToldAndUnsetsNothing() throws {
    for failing in 1...8 {
      let flash = FaultyFlash(InMemoryFlash(), failingChange: failing)
      var acknowledged = OTPWords()
      var begun = OTPWords()
      for change in Self.changes {
        try begun.program(change.bits, word: change.word)
        do {
          try FileOTPBank(flash).program(change.bits, word: change.word)
          try acknowledged.program(change.bits, word: change.word)
        } catch {
          guard case .unreachable = error else {
            Issue.record("\(error)")
            continue
          }
        }
      }
      let found = try FileOTPBank(flash).read()
      #expect(acknowledged.union(found) == found && found.union(begun) == begun, "failing \(failing)")
    }
  }

  static func with(bits: UInt32, word: Int) throws -> OTPWords {
    var words = OTPWords()
    try words.program(bits, word: word)
    return words
  }
}
