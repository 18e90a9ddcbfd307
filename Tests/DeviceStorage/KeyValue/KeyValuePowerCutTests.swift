import TestFlash
import TestSupport
import Testing

@testable import DeviceStorage

/// Whatever was acknowledged is there after a power cut at any operation of the flash.
@Suite(.seated) struct KeyValuePowerCutTests {
  enum Change: Sendable {
    case set(String, Int)
    case delete(String)
  }

  typealias Content = [String: [UInt8]]

  /// New files, growing logs, a log written anew, and a scope that becomes empty.
  static let changes: [Change] =
    [.set("a", 10), .set("b", 700), .set("a", 20), .delete("b"), .delete("a"), .set("c", 5)]
    + (0..<14).map { .set("d", 600 + $0) } + [.delete("c"), .set("e", 1), .delete("d"), .delete("e")]

  static func perform(_ change: Change, on store: KeyValueStore) async throws {
    switch change {
    case .set(let key, let count): try await store.set(Array(key.utf8), to: value(count), appName: "app")
    case .delete(let key): try await store.delete(Array(key.utf8), appName: "app")
    }
  }

  static func value(_ count: Int) -> [UInt8] { [UInt8](repeating: UInt8(truncatingIfNeeded: count), count: count) }

  static func applying(_ change: Change, to content: Content) -> Content {
    var content = content
    switch change {
    case .set(let key, let count): content[key] = value(count)
    case .delete(let key): content[key] = nil
    }
    return content
  }

  static func content(of store: KeyValueStore) async throws -> Content {
    var content: Content = [:]
    var key: [UInt8] = []
    while let next = try? await store.next(after: key, appName: "app") {
      key = next
      content[String(decoding: key, as: UTF8.self)] = try await store.get(key, appName: "app")
    }
    return content
  }

  @Test func everyOperationMayBeTheLast() async throws {
    let whole = try PowerCutFlash(base: InMemoryFlash())
    let store = KeyValueStore(flash: whole)
    for change in Self.changes { try await Self.perform(change, on: store) }
    #expect(try await Self.content(of: store) == [:])
    #expect(whole.changes > 50)

    for cutAt in 1...whole.changes {
      let flash = try PowerCutFlash(base: InMemoryFlash(), cutAt: cutAt)
      let store = KeyValueStore(flash: flash)
      var acknowledged: Content = [:]
      var begun: Content = [:]
      for change in Self.changes {
        begun = Self.applying(change, to: acknowledged)
        do { try await Self.perform(change, on: store) } catch { break }
        acknowledged = begun
      }
      for survival in PowerCutTests.survivals.prefix(6) {
        let reborn = try flash.reboot(survival)
        let content = try await Self.content(of: KeyValueStore(flash: reborn))
        #expect(content == acknowledged || content == begun, "cut at \(cutAt), \(survival)")
        // And it goes on working, again across a loss of all that is not synced.
        try await KeyValueStore(flash: reborn).set([1], to: [2, 3], appName: "app")
        let later = KeyValueStore(flash: try reborn.reboot(.nothing))
        var expected = content
        expected["\u{1}"] = [2, 3]
        #expect(try await Self.content(of: later) == expected, "after a cut at \(cutAt), \(survival)")
      }
    }
  }

  @Test func aChangeThatFailsIsNoneAndTheNextOneHolds() async throws {
    for failing in 3..<15 {
      let flash = FaultyFlash(InMemoryFlash(), failingChange: failing)
      let store = KeyValueStore(flash: flash)
      var content: Content = [:]
      for index in 0..<6 {
        let change = Change.set("k\(index % 2)", 100 + index)
        do {
          try await Self.perform(change, on: store)
          content = Self.applying(change, to: content)
        } catch {
          #expect(error as? KeyValueError == .failed("broken"))
        }
      }
      #expect(flash.changeCount > failing)
      // What became of a change that failed is open until the next one.
      try await Self.perform(.set("last", 1), on: store)
      content = Self.applying(.set("last", 1), to: content)
      #expect(try await Self.content(of: store) == content, "failing \(failing)")
      #expect(try await Self.content(of: KeyValueStore(flash: flash)) == content, "failing \(failing), read again")
    }
  }
}
