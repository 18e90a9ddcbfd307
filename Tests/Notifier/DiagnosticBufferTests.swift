import Foundations
import TestSupport
import Testing

@testable import NotifierServer

@Suite(.seated) struct DiagnosticBufferTests {
  private func item(_ device: DeviceID, _ key: String, bytes: Int = 10) -> DiagnosticBuffer<Int>.Item {
    .init(device: device, key: key, sizeBytes: bytes, content: bytes)
  }

  @Test func whatComesFirstGoesFirst() {
    var buffer = DiagnosticBuffer<Int>(maximumBytes: 1000, maximumPerDevice: 3)
    let devices = (0..<4).map { _ in DeviceID.random() }
    for device in devices { _ = buffer.add(item(device, "a")) }
    let first = buffer.take(within: .init(items: 3, bytes: 1000)).map(\.device)
    #expect(first == Array(devices[..<3]))
    _ = buffer.add(item(devices[0], "b"))
    let second = buffer.take(within: .init(items: 9, bytes: 1000)).map(\.device)
    #expect(second == [devices[3], devices[0]])
    #expect(buffer.isEmpty)
    #expect(buffer.sizeBytes == 0)
    let none = buffer.take(within: .init(items: 9, bytes: 1000))
    #expect(none.isEmpty)
  }

  @Test func oneDeviceTakesNoOthersPlace() {
    var buffer = DiagnosticBuffer<Int>(maximumBytes: 1000, maximumPerDevice: 2)
    let (loud, quiet) = (DeviceID.random(), DeviceID.random())
    var taken = 0
    for number in 1...50 where buffer.add(item(loud, "\(number)")) { taken += 1 }
    #expect(taken == 2)
    // A repeat of what waits is no further one.
    let isRepeatTaken = buffer.add(item(loud, "1"))
    let isOtherTaken = buffer.add(item(quiet, "1"))
    #expect(isRepeatTaken && isOtherTaken)
    #expect(buffer.count == 3)
    _ = buffer.take(within: .init(items: 1, bytes: 1000))
    let hasPlaceAgain = buffer.add(item(loud, "3"))
    #expect(hasPlaceAgain)
  }

  @Test func bytesAreBounded() {
    var buffer = DiagnosticBuffer<Int>(maximumBytes: 100, maximumPerDevice: 1)
    for _ in 1...50 { _ = buffer.add(item(.random(), "a", bytes: 30)) }
    #expect(buffer.count == 3)
    #expect(buffer.sizeBytes == 90)
    let two = buffer.take(within: .init(items: 50, bytes: 60))
    #expect(two.count == 2)
    #expect(buffer.sizeBytes == 30)
    // At least one, however large.
    let one = buffer.take(within: .init(items: 50, bytes: 1))
    #expect(one.count == 1)
  }

  @Test func aLongLifeLeavesNothingBehind() {
    var buffer = DiagnosticBuffer<Int>(maximumBytes: 100_000, maximumPerDevice: 1)
    var left = 0
    for round in 0..<5_000 {
      _ = buffer.add(item(.random(), "a"))
      _ = buffer.add(item(.random(), "a"))
      left += 2 - buffer.take(within: .init(items: round.isMultiple(of: 2) ? 3 : 1, bytes: 1000)).count
    }
    #expect(buffer.count == left)
    while !buffer.isEmpty { _ = buffer.take(within: .init(items: 100, bytes: 1000)) }
    #expect(buffer.sizeBytes == 0)
  }
}
