import TestSupport
import Testing

@testable import ImageAdmission

@Suite(.seated) struct UploadSlotsTests {
  /// Takes slots that are held until the test ends.
  private func hold(_ slots: UploadSlots, _ owner: String, _ count: Int, _ group: inout TaskGroup<Bool>) async {
    for _ in 0..<count {
      let before = slots.inUse
      group.addTask {
        await slots.withSlot(of: owner) {
          while !Task.isCancelled { await Task.yield() }
        } != nil
      }
      while slots.inUse == before { await Task.yield() }
    }
  }

  /// 64 slow uploads of one token are 48: the last quarter is for others.
  @Test func oneOwnerLeavesAQuarter() async {
    let slots = UploadSlots(capacity: 64)
    await withTaskGroup(of: Bool.self) { group in
      await hold(slots, "token:slow", 48, &group)
      #expect(await slots.withSlot(of: "token:slow") { true } == nil)
      #expect(await slots.withSlot(of: "token:other") { true } == true)
      await hold(slots, "token:other", 16, &group)
      #expect(slots.inUse == 64)
      #expect(await slots.withSlot(of: "token:third") { true } == nil)
      group.cancelAll()
    }
    #expect(slots.inUse == 0)
    #expect(await slots.withSlot(of: "token:slow") { true } == true)
  }

  @Test func aFewAreNotShared() async {
    let slots = UploadSlots(capacity: 2)
    await withTaskGroup(of: Bool.self) { group in
      await hold(slots, "a", 2, &group)
      #expect(await slots.withSlot(of: "b") { true } == nil)
      group.cancelAll()
    }
  }
}
