import TestSupport
import Testing

@testable import ServiceHTTP

@Suite(.seated) struct RevokedSerialsTests {
  private func entry(_ number: Int, expiresAt: UInt64 = 10_000_000) -> RevokedSerials.Entry {
    var slot = [UInt8](repeating: 0, count: RevokedSerials.slotBytes)
    for index in 0..<8 { slot[19 - index] = UInt8(truncatingIfNeeded: number >> (8 * index)) }
    return RevokedSerials.Entry(slot: slot[...], expiresAt: expiresAt)
  }

  private func number(_ value: Int) -> [UInt8] {
    withUnsafeBytes(of: value.bigEndian) { Array($0.drop { $0 == 0 }) }
  }

  @Test func itHasWhatItWasGivenInWhateverOrderAndNothingElse() {
    var serials = RevokedSerials()
    let numbers = (1...2_000).map { $0 * 7 }.shuffled()
    for start in stride(from: 0, to: numbers.count, by: 300) {
      serials.add(numbers[start..<min(start + 300, numbers.count)].map { entry($0) }, now: 0)
    }
    // Doubles count once.
    serials.add(numbers.prefix(50).map { entry($0) }, now: 0)
    #expect(serials.count == 2_000)
    for value in 1...14_010 { #expect(serials.contains(number(value)) == (value % 7 == 0 && value <= 14_000)) }
    #expect(!serials.contains([]))
    #expect(!serials.contains([UInt8](repeating: 1, count: 21)))
  }

  @Test func whatExpiredLongAgoGoes() {
    var serials = RevokedSerials()
    serials.add([entry(1, expiresAt: 1_000_000), entry(2, expiresAt: 2_000_000)], now: 0)
    serials.add([entry(3, expiresAt: 2_000_000)], now: 1_100_000)
    #expect(serials.count == 2)
    #expect(!serials.contains(number(1)) && serials.contains(number(2)) && serials.contains(number(3)))
  }

  @Test func pagesOfANewPastTakeThePlaceOfAllThatWasKnownOnceTheyAreComplete() {
    let list = RevocationList()
    func page(_ numbers: ClosedRange<Int>) -> RevocationList.Page {
      RevocationList.Page(
        issuer: "ca", serialNumbers: numbers.flatMap { Array(entry($0).slot) },
        expireAt: numbers.map { _ in 4_000_000_000 })
    }
    #expect(!list.isCurrent)
    list.take([page(1...10)], isWhole: true, isLast: false, validity: .seconds(60))
    #expect(!list.isCurrent && list.count == 0)
    list.take([page(11...20)], isWhole: false, isLast: true, validity: .seconds(60))
    #expect(list.isCurrent && list.count == 20)
    list.take([page(21...21)], isWhole: false, isLast: true, validity: .seconds(60))
    #expect(list.count == 21)
    list.take([page(1...2)], isWhole: true, isLast: true, validity: .seconds(60))
    #expect(list.count == 2)
  }

  @Test func whatIsTooOldMakesAServiceUnready() {
    let list = RevocationList()
    #expect(throws: Never.self) { try list.check() }
    list.take([], isWhole: true, isLast: true, validity: .seconds(60))
    #expect(throws: Never.self) { try list.check() }
    list.take([], isWhole: false, isLast: true, validity: .seconds(-1))
    #expect(throws: StaleRevocations.self) { try list.check() }
  }
}
