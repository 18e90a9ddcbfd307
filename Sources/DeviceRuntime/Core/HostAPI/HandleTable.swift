/// What an app has open, by handles from 1 on. A handle is not given twice until all others were.
struct HandleTable<Value> {
  private let capacity: Int
  private var values: [Int32: Value] = [:]
  private var last: Int32 = 0

  init(capacity: Int) {
    self.capacity = capacity
  }

  mutating func add(_ value: Value) throws(HostErrno) -> Int32 {
    guard values.count < capacity else { throw .noSpace }
    repeat {
      last = last == .max ? 1 : last + 1
    } while values[last] != nil
    values[last] = value
    return last
  }

  subscript(handle: Int32) -> Value {
    get throws(HostErrno) {
      guard let value = values[handle] else { throw .badHandle }
      return value
    }
  }

  func contains(_ handle: Int32) -> Bool { values[handle] != nil }

  /// The handle of the first value that is looked for.
  func handle(where isWanted: (Value) -> Bool) -> Int32? { values.first { isWanted($0.value) }?.key }

  /// False if there is none of that handle.
  @discardableResult
  mutating func remove(_ handle: Int32) -> Bool { values.removeValue(forKey: handle) != nil }
}
