import Foundation
import Synchronization
import TestSupport
import Testing
import Wire

@testable import AppSupervision
@testable import DeviceStorage

/// What the store answers.
@Suite(.seated) struct KeyValueStoreTests {
  let flash = InMemoryFlash()

  func store(_ limits: KeyValueLimits = KeyValueLimits()) -> KeyValueStore {
    KeyValueStore(flash: flash, limits: limits)
  }

  static func isNoSpace(_ error: any Error) -> Bool {
    if case KeyValueError.noSpace = error { true } else { false }
  }

  @Test func whatIsSetIsReadAlsoAfterAStart() async throws {
    try await store().set([1], to: Array("red".utf8), appName: "lamp")
    try await store().set([2], to: [], appName: "lamp")
    try await store().set([1], to: Array("blue".utf8), appName: "lamp")
    let store = store()
    #expect(try await store.get([1], appName: "lamp") == Array("blue".utf8))
    #expect(try await store.get([2], appName: "lamp") == [])
  }

  @Test func appsDoNotSeeEachOthersKeys() async throws {
    let store = store()
    try await store.set([1], to: [1], appName: "one")
    try await store.set([1], to: [2], appName: "two")
    try await store.delete([1], appName: "one")
    await #expect(throws: KeyValueError.missing) { _ = try await store.get([1], appName: "one") }
    #expect(try await store.get([1], appName: "two") == [2])
    #expect(try flash.list().count == 1)
  }

  @Test func namesOfAnyKindAreScopes() async throws {
    for name in ["", "../../etc/passwd", "Ünïcode", String(repeating: "x", count: 32), "a b"] {
      try await store().set([7], to: Array(name.utf8), appName: name)
      #expect(try await store().get([7], appName: name) == Array(name.utf8))
    }
  }

  @Test func keysComeInTheOrderOfTheirBytes() async throws {
    let store = store()
    let keys: [[UInt8]] = [[0], [0, 0], [1], [127], [128], [255, 1]]
    for key in keys.shuffled() { try await store.set(key, to: [], appName: "a") }
    var found: [[UInt8]] = []
    while let key = try? await store.next(after: found.last ?? [], appName: "a") { found.append(key) }
    #expect(found == keys)
    #expect(try await store.next(after: [2], appName: "a") == [127])
  }

  @Test func theSameValueAgainIsNotWritten() async throws {
    let store = store()
    try await store.set([1], to: [9, 9], appName: "a")
    let size = try flash.size(of: KeyValueScope.fileName(appName: "a"))
    for _ in 0..<100 { try await store.set([1], to: [9, 9], appName: "a") }
    #expect(try flash.size(of: KeyValueScope.fileName(appName: "a")) == size)
  }

  @Test func theFileStaysBoundedUnderManyChanges() async throws {
    let store = store()
    var largest: UInt64 = 0
    for index in 0..<1000 {
      try await store.set([UInt8(index % 3)], to: [UInt8](repeating: UInt8(index % 251), count: 900), appName: "a")
      largest = max(largest, try flash.size(of: KeyValueScope.fileName(appName: "a")) ?? 0)
    }
    #expect(largest < 2 * 3 * 950 + 4096 + 100)
  }

  @Test func boundsAreErrorsAndWhatIsThereStays() async throws {
    let store = store(KeyValueLimits(bytes: 100, keys: 3, keyBytes: 8, scopes: 2))
    try await store.set([1], to: [UInt8](repeating: 1, count: 90), appName: "a")
    for (key, count) in [([2], 20), ([1], 100)] as [([UInt8], Int)] {
      await #expect(
        performing: { try await store.set(key, to: [UInt8](repeating: 0, count: count), appName: "a") },
        throws: Self.isNoSpace)
    }
    #expect(try await store.get([1], appName: "a").count == 90)
    // A value may be replaced by one that fits only because the old one goes.
    try await store.set([1], to: [UInt8](repeating: 2, count: 99), appName: "a")

    for key in 1...3 as ClosedRange<UInt8> { try await store.set([key], to: [], appName: "b") }
    await #expect(performing: { try await store.set([4], to: [], appName: "b") }, throws: Self.isNoSpace)
    await #expect(performing: { try await store.set([1], to: [], appName: "c") }, throws: Self.isNoSpace)
    try await store.delete([1], appName: "a")
    try await store.set([1], to: [], appName: "c")
  }

  @Test func aFullFlashIsAnErrorAndWhatIsThereStays() async throws {
    let store = KeyValueStore(flash: InMemoryFlash(capacityBytes: 400))
    try await store.set([1], to: [UInt8](repeating: 1, count: 100), appName: "a")
    await #expect(
      performing: { try await store.set([2], to: [UInt8](repeating: 2, count: 300), appName: "a") },
      throws: Self.isNoSpace)
    #expect(try await store.get([1], appName: "a").count == 100)
    await #expect(throws: KeyValueError.missing) { _ = try await store.get([2], appName: "a") }
  }

  @Test func aFileThatIsNoScopesIsSetAside() async throws {
    let name = try KeyValueScope.fileName(appName: "a")
    try flash.replace(name, with: Array("rubbish".utf8))
    try await store().set([1], to: [2], appName: "a")
    #expect(try await store().get([1], appName: "a") == [2])
    #expect(try flash.list() == [name, name + ".damaged"])
  }

  @Test func aDamagedByteEndsTheLogThere() async throws {
    let store = store()
    try await store.set([1], to: [1], appName: "a")
    try await store.set([2], to: [2], appName: "a")
    let name = try KeyValueScope.fileName(appName: "a")
    let size = try #require(try flash.size(of: name))
    let byte = try flash.read(name, from: size - 3, count: 1)[0]
    try flash.write([byte ^ 1].span.bytes, to: name, at: size - 3)
    let again = self.store()
    #expect(try await again.get([1], appName: "a") == [1])
    await #expect(throws: KeyValueError.missing) { _ = try await again.get([2], appName: "a") }
    try await again.set([3], to: [3], appName: "a")
    #expect(try await self.store().get([3], appName: "a") == [3])
  }

  @Test func requestsGetTheErrnoOfWASI() async throws {
    let store = store(KeyValueLimits(bytes: 10, keyBytes: 4))
    func ask(_ operation: WireKeyValueRequest.OneOf_Operation?) async -> WireKeyValueAnswer {
      var request = WireKeyValueRequest()
      request.id = 77
      request.operation = operation
      return await store.handle(request, appName: "a")
    }
    var pair = WireKeyValueRequest.KeyValuePair()
    (pair.key, pair.value) = (Data([1]), Data([2]))
    #expect(await ask(.set(pair)).errno == 0)
    let answer = await ask(.get(Data([1])))
    #expect(answer.id == 77 && answer.errno == 0 && answer.value == Data([2]))
    #expect(await ask(.next(Data())).value == Data([1]))
    #expect(await ask(.next(Data([1]))).errno == 44)
    #expect(await ask(.get(Data([9]))).errno == 44)
    #expect(await ask(.delete(Data([9]))).errno == 44)
    #expect(await ask(.get(Data())).errno == 28)
    #expect(await ask(.get(Data([1, 2, 3, 4, 5]))).errno == 28)
    #expect(await ask(nil).errno == 28)
    pair.value = Data(count: 10)
    #expect(await ask(.set(pair)).errno == 51)
    #expect(await ask(.delete(Data([1]))).errno == 0)
  }

  /// An app that writes without end would wear the flash out.
  @Test func changesHaveARate() async throws {
    let clock = Atomic<UInt64>(1_000_000_000)
    var limits = KeyValueLimits()
    limits.changesPerSecond = 10
    limits.changesAtOnce = 20
    limits.changedBytesPerSecond = 1000
    limits.changedBytesAtOnce = 3000
    let store = KeyValueStore(flash: flash, limits: limits, clock: { clock.load(ordering: .relaxed) })
    func set(_ value: [UInt8], app: String = "a") async -> WireKeyValueAnswer {
      var request = WireKeyValueRequest()
      request.set.key = Data([1])
      request.set.value = Data(value)
      return await store.handle(request, appName: app)
    }
    for round in 0..<20 as Range<UInt8> { #expect(await set([round]).errno == 0, "\(round)") }
    let refused = await set([99])
    #expect(refused.errno == 6 && refused.reason.contains("10 changes a second"), "\(refused.reason)")
    #expect(try await store.get([1], appName: "a") == [19])
    // What is there already costs nothing, another app has its own, and time gives back.
    #expect(await set([19]).errno == 0)
    #expect(await set([99], app: "b").errno == 0)
    clock.add(200_000_000, ordering: .relaxed)
    for round in 30..<32 as Range<UInt8> { #expect(await set([round]).errno == 0, "\(round)") }
    #expect(await set([99]).errno == 6)
    // 3000 bytes at once, 1000 more a second.
    clock.add(10_000_000_000, ordering: .relaxed)
    #expect(await set([UInt8](repeating: 1, count: 2900)).errno == 0)
    let large = await set([UInt8](repeating: 2, count: 2900))
    #expect(large.errno == 6 && large.reason.contains("1000 bytes changed a second"), "\(large.reason)")
    clock.add(2_900_000_000, ordering: .relaxed)
    #expect(await set([UInt8](repeating: 2, count: 2900)).errno == 0)
  }

  /// "é" in one piece and in two are two apps.
  @Test func namesOfAppsAreBytes() async throws {
    let store = store()
    try await store.set([1], to: [1], appName: "caf\u{E9}")
    try await store.set([1], to: [2], appName: "cafe\u{301}")
    #expect(try await store.get([1], appName: "caf\u{E9}") == [1])
    #expect(try await store.get([1], appName: "cafe\u{301}") == [2])
    #expect(try flash.list().count == 2)
  }
}
