import OpenSSL
import TestFlash
import TestSupport
import Testing
import UpdateCore

@testable import DeviceStorage
@testable import RuntimeBundle
@testable import RuntimeSlots

/// What becomes of a bundle on a device.
@Suite(.seated) struct RuntimeInstallationTests {
  private let key: Ed25519.PrivateKey
  private let packaged = RuntimeVersion("1.0.0")!

  init() throws { key = try Ed25519.PrivateKey() }

  private static func store(_ flash: any Flash) -> RuntimeStore {
    RuntimeStore(
      records: SubFlash(base: flash, prefix: "r."), slotA: SubFlash(base: flash, prefix: "a."),
      slotB: SubFlash(base: flash, prefix: "b."))
  }

  private func installation(_ store: RuntimeStore) throws -> RuntimeInstallation {
    RuntimeInstallation(store: store, trusting: [try key.publicKey()], architecture: "x86_64", packaged: packaged)
  }

  /// What a launcher would start, each choice that is whole.
  private func startable(_ store: RuntimeStore) throws -> [RuntimeRecord.Choice] {
    let choices = try store.change { $0.takeStart(packaged: packaged) }
    let record = try store.record()
    return choices.filter { choice in
      guard case .slot(let slot) = choice else { return true }
      return (try? store.check(slot, record[slot])) != nil
    }
  }

  @Test func whatIsInstalledIsTriedAndThenKept() throws {
    let store = Self.store(InMemoryFlash())
    try installation(store).install(TestRuntime("1.1.0", signedBy: key).bundle)
    #expect(try startable(store) == [.slot(.a), .packaged])
    try store.change { $0.confirm() }
    try installation(store).install(TestRuntime("1.2.0", signedBy: key).bundle)
    #expect(try startable(store) == [.slot(.b), .slot(.a), .packaged])
    #expect(try store.files(of: .b).readAll(RuntimeManifest.agentName, maximumBytes: 100) == Array("agent 1.2.0".utf8))
  }

  @Test func whatIsNotToBeTakenIsRefusedAndChangesNothing() throws {
    let store = Self.store(InMemoryFlash())
    try installation(store).install(TestRuntime("1.1.0", minimum: "0.5.0", signedBy: key).bundle)
    try store.change { $0.confirm() }
    let before = try store.record()
    let good = try TestRuntime("1.2.0", signedBy: key).bundle
    var damaged = good
    damaged[damaged.count - 1] ^= 1
    let refused: [[UInt8]] = [
      try TestRuntime("1.2.0", signedBy: nil).bundle, try TestRuntime("1.2.0", signedBy: Ed25519.PrivateKey()).bundle,
      try TestRuntime("1.1.0", signedBy: key).bundle, try TestRuntime("1.0.5", signedBy: key).bundle,
      try TestRuntime("0.4.0", mayReplaceNewer: true, signedBy: key).bundle,
      try TestRuntime("1.2.0", architecture: "aarch64", signedBy: key).bundle, Array("garbage".utf8), [],
    ]
    for bundle in refused {
      #expect(throws: (any Error).self) { try installation(store).install(bundle) }
      #expect(try store.record() == before)
    }
    // These are found out while they are written, to a slot that nothing starts from.
    for bundle in [damaged, Array(good.dropLast()), good + [0]] {
      #expect(throws: RuntimeBundleError.self) { try installation(store).install(bundle) }
      #expect(try startable(store) == [.slot(.a), .packaged])
    }
    try installation(store).install(TestRuntime("0.6.0", mayReplaceNewer: true, signedBy: key).bundle)
    #expect(try startable(store) == [.slot(.b), .slot(.a), .packaged])
    #expect(throws: RuntimeRefusal.trialUnderWay(RuntimeVersion("0.6.0")!)) { try installation(store).install(good) }
  }

  @Test func withoutAKeyNothingIsInstalled() throws {
    let store = Self.store(InMemoryFlash())
    let installation = RuntimeInstallation(store: store, trusting: [], architecture: "x86_64", packaged: packaged)
    #expect(throws: RuntimeRefusal.noKeys) { try installation.install(TestRuntime("1.1.0", signedBy: key).bundle) }
  }

  @Test func aFullFlashLeavesTheDeviceAsItWas() throws {
    let bundle = try TestRuntime("1.2.0", signedBy: key).bundle
    for capacity in stride(from: 1400, through: 4400, by: 100) as StrideThrough<UInt64> {
      let flash = InMemoryFlash(capacityBytes: capacity)
      let store = Self.store(flash)
      let isDone = (try? installation(store).install(bundle)) != nil
      let trial = try store.record().trial
      #expect((trial != nil) == isDone, "\(capacity)")
    }
  }

  /// Each change of the flash fails once, as of a block that is worn out; the next try meets a good one.
  @Test func aFlashThatFailsLeavesTheDeviceAsItWas() throws {
    let (first, second) = (
      try TestRuntime("1.1.0", signedBy: key).bundle, try TestRuntime("1.2.0", signedBy: key).bundle
    )
    var failures = 0
    for failing in 0..<200 {
      let flash = InMemoryFlash()
      let store = Self.store(flash)
      try installation(store).install(first)
      try store.change { $0.confirm() }
      let broken = FaultyFlash(flash, failingChange: failing)
      let isDone = (try? installation(Self.store(broken)).install(second)) != nil
      #expect(
        try startable(store) == (isDone ? [.slot(.b), .slot(.a), .packaged] : [.slot(.a), .packaged]), "\(failing)")
      if failing >= broken.changeCount { break }
      // A record is written again in another place.
      if isDone { continue }
      failures += 1
      try installation(store).install(second)
      #expect(try startable(store).first == .slot(.b), "\(failing)")
    }
    #expect(failures >= 10)
  }

  @Test func aDamagedFileIsFoundBeforeItIsStarted() throws {
    for name in [
      RuntimeManifest.fileName, RuntimeManifest.agentName, RuntimeManifest.appHostName, "libFoundation_Small.so",
    ] {
      let store = Self.store(InMemoryFlash())
      try installation(store).install(TestRuntime("1.1.0", signedBy: key).bundle)
      let files = store.files(of: .a)
      let size = try #require(try files.size(of: name))
      try files.write([0xFF].span.bytes, to: name, at: size - 1)
      #expect(try startable(store) == [.packaged], "\(name)")
      try files.remove(name)
      #expect(try startable(store) == [.packaged], "\(name)")
    }
  }

  private func upgrade(_ store: RuntimeStore, to bundle: [UInt8]) throws {
    try installation(store).install(bundle)
    _ = try startable(store)
    try store.change { $0.confirm() }
  }

  /// The power fails in every change of the flash in the course of an installation, a start and a confirmation.
  @Test func theDeviceStartsAWholeRuntimeWhereverThePowerFails() throws {
    let former = try ["1.0.5", "1.1.0"].map { try TestRuntime($0, signedBy: key).bundle }
    let next = try TestRuntime("1.2.0", signedBy: key).bundle
    let survivals: [PowerCutFlash.Survival] =
      [.nothing, .everything, .allButTheLast] + (1...6).map { .anything(seed: $0) }
    var (cuts, points) = (0, 0)
    for survival in survivals {
      for cutAt in 1...200 {
        let start = try PowerCutFlash(base: InMemoryFlash())
        let store = Self.store(start)
        // The slot that the next one goes to has one in it that was confirmed.
        for bundle in former { try upgrade(store, to: bundle) }

        let flash = try start.reboot(.everything, cutAt: cutAt)
        let walked = Self.store(flash)
        let isDone = (try? upgrade(walked, to: next)) != nil
        let after = Self.store(try flash.reboot(survival))
        // What was confirmed before is there, whole, and is what the device falls back to.
        let choices = try startable(after)
        #expect(choices.contains(.slot(.b)) && choices.last == .packaged, "\(survival), \(cutAt)")
        if isDone { #expect(choices.first == .slot(.a)) }
        // And the new one can be installed, or is there.
        let record = try after.record()
        if record.trial == nil, record.active == .b {
          try installation(after).install(next)
          #expect(try startable(after).first == .slot(.a), "\(survival), \(cutAt)")
        }
        if isDone { break }
        cuts += 1
        points = max(points, cutAt)
      }
    }
    print("power cuts in a runtime's upgrade: \(points) points, \(cuts) cuts survived")
    #expect(points >= 25 && cuts == points * survivals.count)
  }
}
