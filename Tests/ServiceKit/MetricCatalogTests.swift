import CoreMetrics
import Foundation
import TestSupport
import Testing

@testable import ServiceKit

@Suite(.seated) struct MetricCatalogTests {
  private let root = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../..").standardized

  private var entries: [MetricCatalog.Entry] { MetricCatalog.sections.flatMap(\.entries) }

  /// With XTBLISH_WRITE_DOCS=1 it writes the page instead.
  @Test func thePageIsMadeFromTheCatalog() throws {
    let file = root.appending(path: "docs/metrics.md")
    if ProcessInfo.processInfo.environment["XTBLISH_WRITE_DOCS"] == "1" {
      try MetricCatalog.page.write(to: file, atomically: true, encoding: .utf8)
    }
    #expect(
      try String(contentsOf: file, encoding: .utf8) == MetricCatalog.page,
      "write docs/metrics.md anew: XTBLISH_WRITE_DOCS=1 make test FILTER=MetricCatalogTests")
  }

  @Test func descriptionsAreOneSentenceAndNamesAreUnique() {
    #expect(Set(entries.map(\.name)).count == entries.count)
    for entry in entries {
      #expect(entry.help.hasSuffix(".") && !entry.help.contains { $0 == "|" || $0.isNewline }, "\(entry.name)")
    }
  }

  /// As Prometheus's own tool sees every metric of every service.
  @Test func promtoolHasNothingToSay() async throws {
    let registry = MetricsRegistry()
    // What a process tells of itself is there already.
    let own = registry.exposition()
    for entry in entries where !own.contains("# TYPE \(entry.name) ") {
      let dimensions = entry.labels.map { ($0, "value") }
      switch entry.kind {
      case .counter: registry.makeCounter(label: entry.name, dimensions: dimensions).increment(by: 1)
      case .gauge: registry.makeMeter(label: entry.name, dimensions: dimensions).set(Double(1))
      case .histogram: registry.makeTimer(label: entry.name, dimensions: dimensions).recordNanoseconds(1)
      }
    }
    let text = registry.exposition()
    for entry in entries { #expect(text.contains("# TYPE \(entry.name) \(entry.kind.rawValue)\n")) }
    #expect(!text.contains("Not described."))
    let folder = try TemporaryFolder("metrics")
    try text.write(toFile: folder.path("metrics"), atomically: true, encoding: .utf8)
    try await runProgram(
      "sh",
      [
        "-c", "promtool check metrics < \"$0\" 2>&1 | tee \"$1\" && test ! -s \"$1\"", folder.path("metrics"),
        folder.path("complaints"),
      ])
  }
}
