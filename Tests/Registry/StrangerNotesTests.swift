import Foundations
import TestSupport
import Testing

@testable import RegistryBus
@testable import RegistryDomain

@Suite(.seated) struct StrangerNotesTests {
  @Test func eachStrangerIsToldOnceAnHour() {
    let notes = StrangerNotes()
    let (first, second) = (DeviceID.random(), DeviceID.random())
    let start = ContinuousClock.now
    #expect(notes.add([first, first, second], now: start) == [first, second])
    #expect(notes.add([first, second], now: start + .seconds(3599)) == [])
    #expect(notes.add([first], now: start + .seconds(3600)) == [first])
  }

  @Test func ofAWholeFleetFewAreTold() {
    let notes = StrangerNotes()
    let fleet = (0..<5000).map { _ in DeviceID.random() }
    let start = ContinuousClock.now
    #expect(notes.add(fleet, now: start).count == 1000)
    #expect(notes.add(fleet, now: start + .seconds(60)).isEmpty)
    #expect(notes.add(fleet, now: start + .seconds(3600)).count == 1000)
  }
}
