/// What each metric of each service means: where Prometheus's help texts and docs/metrics.md come from.
///
/// A metric that is made anywhere has its line here; a test looks for those that have none.
enum MetricCatalog {
  /// What a metric is to Prometheus; the raw value is its word.
  enum Kind: String, Sendable {
    case counter, gauge, histogram
  }

  /// A metric: its `name` as Prometheus has it, its `kind`, the names of its `labels`, and its help.
  struct Entry: Sendable {
    let name: String
    let kind: Kind
    let labels: [String]
    let help: String

    /// - Parameter help: one sentence, without `|` and line ends.
    init(_ name: String, _ kind: Kind, _ help: String) {
      self.init(name, kind, [], help)
    }

    init(_ name: String, _ kind: Kind, _ labels: [String], _ help: String) {
      self.name = name
      self.kind = kind
      self.labels = labels
      self.help = help
    }
  }

  /// The metrics of one part of the system, its `entries`, under a `title`.
  struct Section: Sendable {
    let title: String
    let entries: [Entry]
  }

  /// All metrics that there are.
  static let sections = [
    Section(title: "Every service", entries: process + upkeep),
    Section(title: "Requests", entries: http + bus),
    Section(title: "Traces", entries: traces),
    Section(title: "Database", entries: database),
    Section(title: "Registry", entries: registry),
    Section(title: "Provisioner", entries: provisioner),
    Section(title: "Image store", entries: imageStore),
    Section(title: "Notifier", entries: notifier),
    Section(title: "Backups", entries: backups),
  ]

  /// The help of a metric, in one line. A metric without an entry gets one that says so, because Prometheus's tools
  /// want a text.
  static func help(_ name: String) -> String { helpByName[name] ?? "Not described." }

  private static let helpByName = Dictionary(
    sections.flatMap(\.entries).map { ($0.name, $0.help) }, uniquingKeysWith: { first, _ in first })

  /// The page docs/metrics.md.
  static var page: String {
    var text = """
      # Metrics

      Each service answers `GET /metrics` on its operations port with these, in the text format of Prometheus. This page is
      made from `MetricCatalog` in Sources/Shared/ServiceKit/Metrics, which is also where the help texts come from; a test
      keeps them the same.

      """
    for section in sections {
      text += "\n## \(section.title)\n\n| metric | type | labels | what it tells |\n|---|---|---|---|\n"
      for entry in section.entries.sorted(by: { $0.name < $1.name }) {
        let labels = entry.labels.map { "`\($0)`" }.joined(separator: ", ")
        text += "| `\(entry.name)` | \(entry.kind.rawValue) | \(labels) | \(entry.help) |\n"
      }
    }
    return text + "\n" + reading
  }

  private static let reading = """
    ## How to read them

    - Names, units and types are those of Prometheus's conventions: seconds, bytes, `_total` for what only grows. Times of
      day are in seconds since 1970; `promtool` checks all of it in the tests.
    - Each replica tells what it did itself: `sum` over replicas. `registry_devices`, `registry_outbox_pending`,
      `registry_outbox_oldest_seconds` and `registry_revocations_pending` come from the database that all replicas share:
      `max` over replicas.
    - Requests of the bus that wait for something to happen are told apart by `kind`: `GetRevocations`, `ListenToApp` and
      `ListLogs`. Over HTTP they have a histogram of their own.
    - A process has at most 5,000 series, of one metric at most 1,000. No label takes its values from strangers.
    - Readiness, the outbox, devices and the pool are looked up when the metrics are fetched, and not otherwise: devices at
      most every 15 seconds and for at most a hundredth of the time. While the database is away the last figures stay, and
      `xtblish_metrics_collected_timestamp_seconds` tells of when they are.
    - Those of backups are no service's: `deploy/backup` writes them into a file for node exporter's textfile directory.

    What is worth an alert is in [alerts.md](alerts.md).

    ## The dashboard

    [deploy/grafana/xtblish.json](../deploy/grafana/xtblish.json) is a dashboard for Grafana, version 9 and newer: *Dashboards,
    New, Import*, then choose the Prometheus that [prometheus.yaml](../deploy/prometheus/prometheus.yaml) is an example of. It
    shows whether everything is well, requests and their times, deployments, devices, the outbox, crashes, the database,
    disks, what ends when, and the processes.

    """
}
