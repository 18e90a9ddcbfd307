import AppLink
import DeviceProtocol

/// What an app has open, by handles from 1 on. A handle is not given twice until many others were.
struct HandleTable<Value> {
  private let capacity: Int32
  /// A handle's place is its remainder.
  private var slots: [(handle: Int32, value: Value)?]
  private var count = 0
  private var last: Int32 = 0

  /// - Parameter capacity: at least 1.
  init(capacity: Int) {
    self.capacity = Int32(capacity)
    slots = Array(repeating: nil, count: capacity)
  }

  mutating func add(_ value: Value) throws(HostErrno) -> Int32 {
    guard count < slots.count else { throw .noSpace }
    repeat {
      last = last == .max ? 1 : last + 1
    } while slots[Int(last % capacity)] != nil
    slots[Int(last % capacity)] = (last, value)
    count += 1
    return last
  }

  subscript(handle: Int32) -> Value {
    get throws(HostErrno) {
      guard handle > 0, let slot = slots[Int(handle % capacity)], slot.handle == handle else { throw .badHandle }
      return slot.value
    }
  }

  func contains(_ handle: Int32) -> Bool { handle > 0 && slots[Int(handle % capacity)]?.handle == handle }

  /// The handle of the first value that is looked for.
  func handle(where isWanted: (Value) -> Bool) -> Int32? {
    for case let slot? in slots where isWanted(slot.value) { return slot.handle }
    return nil
  }

  /// Gives a handle free; false if nothing has it.
  @discardableResult
  mutating func remove(_ handle: Int32) -> Bool {
    guard contains(handle) else { return false }
    slots[Int(handle % capacity)] = nil
    count -= 1
    return true
  }
}
