import Hummingbird
import Synchronization
import TestSupport
import Testing

@testable import ServiceHTTP

@Suite(.seated) struct ConnectionLedgerTests {
  private let cuts = Cuts()
  private let time = Time()

  private final class Cuts: Sendable {
    private let names = Mutex<[String]>([])
    var all: [String] { names.withLock { $0 } }
    func add(_ name: String) { names.withLock { $0.append(name) } }
  }

  private final class Time: Sendable {
    private let now = Atomic<UInt64>(0)
    /// Later with every look.
    func next() -> UInt64 { now.add(1, ordering: .relaxed).newValue }
  }

  private func ledger(_ maximum: Int, perAddress: Int) -> ConnectionLedger {
    ConnectionLedger(
      limits: HTTPLimits(maximumConnections: maximum, connectionsPerAddress: perAddress),
      clock: { [time] in time.next() })
  }

  private func open(_ ledger: ConnectionLedger, _ source: String, _ name: String) -> ConnectionLedger.Entry? {
    ledger.open(source, cut: { [cuts] in cuts.add(name) })
  }

  @Test func anAddressHasItsShare() throws {
    let ledger = ledger(10, perAddress: 2)
    let first = try #require(open(ledger, "192.0.2.1", "a"))
    let second = try #require(open(ledger, "192.0.2.1", "b"))
    #expect(try #require(open(ledger, "192.0.2.2", "other")).isAdmitted)
    // The one that has waited longest gives way, unless it is being answered.
    first.isBusy = true
    #expect(try #require(open(ledger, "192.0.2.1", "c")).isAdmitted)
    #expect(cuts.all == ["b"])
    second.closed()
    #expect(ledger.level().current == 3)
  }

  @Test func anAddressOfIPv6IsItsNetwork() throws {
    let ledger = ledger(10, perAddress: 1)
    _ = try #require(open(ledger, "2001:db8::1", "a"))
    _ = try #require(open(ledger, "2001:db8:0:0:ffff::2", "b"))
    #expect(cuts.all == ["a"])
    _ = try #require(open(ledger, "2001:db8:0:1::1", "c"))
    #expect(cuts.all == ["a"])
  }

  @Test func aFullServerDropsWhoHasMostAndIsNotKnown() throws {
    let ledger = ledger(4, perAddress: 3)
    let known = try #require(open(ledger, "192.0.2.9", "known"))
    known.vouch(by: "device:1")
    _ = try (0..<3).map { try #require(open(ledger, "192.0.2.1", "flood\($0)")) }
    #expect(try #require(open(ledger, "192.0.2.2", "new")).isAdmitted)
    #expect(cuts.all == ["flood0"])
  }

  @Test func whereAllAreAtWorkNewOnesAreTold() throws {
    let ledger = ledger(2, perAddress: 2)
    let busy = try (0..<2).map { try #require(open(ledger, "192.0.2.1", "busy\($0)")) }
    for entry in busy { entry.isBusy = true }
    let told = try #require(open(ledger, "192.0.2.2", "told"))
    #expect(!told.isAdmitted && cuts.all.isEmpty)
    // By its certificate it still comes in, in the place of one that nobody knows.
    told.vouch(by: "device:2")
    #expect(told.isAdmitted && cuts.all == ["busy0"])
    // Nobody is dropped who is known.
    busy[1].vouch(by: "device:1")
    let last = try #require(open(ledger, "192.0.2.3", "last"))
    last.vouch(by: "device:3")
    #expect(!last.isAdmitted && cuts.all == ["busy0"])
  }

  @Test func thoseWhoAreToldAreBoundedToo() throws {
    let ledger = ledger(1, perAddress: 1)
    let busy = try #require(open(ledger, "192.0.2.1", "busy"))
    busy.isBusy = true
    let told = (0..<100).compactMap { open(ledger, "192.0.2.2", "\($0)") }
    #expect(told.count == 16)
    #expect((0..<1_000).compactMap { open(ledger, "10.0.\($0 / 250).\($0 % 250)", "\($0)") }.count == 112)
    for entry in told { entry.closed() }
    #expect(open(ledger, "192.0.2.2", "again") != nil)
  }

  @Test func oneCredentialVouchesForAQuarterAtMost() throws {
    let ledger = ledger(8, perAddress: 8)
    let entries = try (0..<3).map { try #require(open(ledger, "192.0.2.1", "\($0)")) }
    for entry in entries { entry.vouch(by: "token:1") }
    _ = try (3..<8).map { try #require(open(ledger, "192.0.2.1", "\($0)")) }
    _ = try #require(open(ledger, "192.0.2.2", "new"))
    // The third is as good as unknown.
    #expect(cuts.all == ["2"])
  }

  @Test func nothingIsLeftBehind() throws {
    let ledger = ledger(8, perAddress: 8)
    for round in 0..<100 {
      let entries = try (0..<4).map { try #require(open(ledger, "192.0.2.\($0)", "\($0)")) }
      entries[0].vouch(by: "token:\(round)")
      for entry in entries {
        entry.closed()
        entry.closed()
      }
    }
    #expect(ledger.level() == (0, 4))
    #expect(cuts.all.isEmpty)
  }

  private static func routes(_ router: Router<HTTPContext>) { router.get("/ok") { _, _ in "fine" } }

  /// Thousands of idle connections of one address do not keep another client out, nor the next of the same.
  @Test func oneAddressShutsNobodyOut() async throws {
    let limits = HTTPLimits(maximumConnections: 64, connectionsPerAddress: 32)
    try await withServer(limits: limits, routes: Self.routes) { port in
      let flood = try (0..<300).map { _ in try RawTCPClient(port: port) }
      for _ in 0..<20 { #expect(try get(port, "/ok").body == "fine") }
      for client in flood { client.reset() }
    }
  }
}
