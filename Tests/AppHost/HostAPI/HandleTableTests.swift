import DeviceProtocol
import TestSupport
import Testing

@testable import AppHost
@testable import AppLink

@Suite(.seated) struct HandleTableTests {
  @Test func handlesAreGivenFromOneAndNotAgainAtOnce() throws {
    var table = HandleTable<String>(capacity: 3)
    let handles = [try table.add("a"), try table.add("b")]
    #expect(handles == [1, 2])
    table.remove(1)
    let third = try table.add("c")
    #expect(third != 1 && third != 2)
    #expect(try table[third] == "c")
    #expect(table.handle { $0 == "b" } == 2)
    #expect(table.handle { $0 == "a" } == nil)
    let isThere = table.remove(1)
    #expect(!isThere)
  }

  @Test func aFullTableTakesNoMore() throws {
    var table = HandleTable<Int>(capacity: 2)
    let first = try table.add(1)
    _ = try table.add(2)
    #expect(throws: HostErrno.noSpace) { try table.add(3) }
    table.remove(first)
    let next = try table.add(4)
    #expect(try table[next] == 4)
  }

  @Test(arguments: [0, -1, .min, .max, 3, 4] as [Int32]) func otherHandlesAreBad(handle: Int32) throws {
    var table = HandleTable<Int>(capacity: 2)
    _ = try table.add(1)
    _ = try table.add(2)
    #expect(throws: HostErrno.badHandle) { try table[handle] }
    #expect(!table.contains(handle))
  }
}
