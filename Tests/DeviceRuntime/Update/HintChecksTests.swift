import Curl
import DeviceCredentials
import FirmwareImage
import Foundations
import Synchronization
import TestSupport
import Testing

@testable import Agent
@testable import DeviceImages
@testable import DeviceStorage
@testable import UpdateCore

@Suite(.seated, .timeLimit(.minutes(10))) struct HintChecksTests {
  private static func hint(
    _ version: UInt64, of digest: SHA256Digest, at url: String = "http://store/"
  ) -> FirmwareNotification {
    FirmwareNotification(version: version, digest: digest, sizeBytes: 600, url: url)
  }

  /// Whoever hears of what is in the way takes a while for it, and meanwhile the hint gives way to others.
  @Test func aHintThatWasDroppedIsInTheWayNoMore() async throws {
    let device = DeviceID.random()
    let digest = try SHA256Digest.of("app".utf8)
    let storage = SlotStore(flash: InMemoryFlash(), device: device, trust: .unsigned)
    let servers = ImageServers(device: device, imageStoreURLs: [], requiresTLS: true)
    let policy = ImageDownload.Policy(firstPause: .seconds(3_600), longestPause: .seconds(3_600))
    let checks = Mutex<HintChecks?>(nil)
    let told = Mutex<[String?]>([])
    let made = HintChecks(
      policy: policy,
      make: { HeadCheck(hint: $0, urls: $1, servers: servers, storage: storage, http: HTTPClient(), policy: policy) },
      onOffer: { _, _ in },
      onHindrance: { version, reason in
        guard version == 1 else { return }
        if reason != nil {
          for other in 2...9 as ClosedRange<UInt64> {
            await checks.withLock({ $0 })?.add(Self.hint(other, of: digest))
          }
        }
        told.withLock { $0.append(reason) }
      })
    checks.withLock { $0 = made }
    // A device with keys asks no plain URL, so that the check fails at once.
    await made.add(Self.hint(1, of: digest))
    try await eventually("that hint 1 is settled") { told.withLock { $0.count } >= 3 }
    #expect(told.withLock { $0 }.map { $0 == nil } == [true, false, true])
    await made.stop()
    checks.withLock { $0 = nil }
  }

  /// Nobody answers, and hints that come late, behind the newest, ask for its place.
  @Test func theNewestVersionGivesWayToNoLateOne() async throws {
    let device = DeviceID.random()
    let digest = try SHA256Digest.of("app".utf8)
    let storage = SlotStore(flash: InMemoryFlash(), device: device, trust: .unsigned)
    let servers = ImageServers(device: device, imageStoreURLs: [], requiresTLS: false)
    let policy = ImageDownload.Policy(firstPause: .seconds(3_600), longestPause: .seconds(3_600))
    let hindered = Mutex<Set<UInt64>>([])
    let checks = HintChecks(
      policy: policy,
      make: { HeadCheck(hint: $0, urls: $1, servers: servers, storage: storage, http: HTTPClient(), policy: policy) },
      onOffer: { _, _ in },
      onHindrance: { version, reason in
        hindered.withLock { if reason == nil { $0.remove(version) } else { $0.insert(version) } }
      })
    let port = try FreePort()
    let nobody = "http://127.0.0.1:\(port.number)/"
    for version in 1...20 as ClosedRange<UInt64> {
      await checks.add(Self.hint(version, of: digest, at: nobody))
      try await eventually("that hint \(version) is looked into") { hindered.withLock { $0.contains(version) } }
    }
    for version in (1...12 as ClosedRange<UInt64>).reversed() {
      await checks.add(Self.hint(version, of: digest, at: nobody))
      try await eventually("that hint \(version) is looked into again") { hindered.withLock { $0.contains(version) } }
    }
    #expect(hindered.withLock { $0.isSuperset(of: 17...20) })
    await checks.stop()
  }
}
