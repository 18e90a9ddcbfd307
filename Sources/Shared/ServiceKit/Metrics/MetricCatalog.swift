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
    Section(title: "Registry", entries: registry),
    Section(title: "Provisioner", entries: provisioner),
    Section(title: "Image store", entries: imageStore),
    Section(title: "Notifier", entries: notifier),
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
    return text + "\n" + alerts
  }

  private static let alerts = """
    ## Worth an alert

    | expression | means |
    |---|---|
    | `xtblish_expiry_timestamp_seconds - time() < 30 * 86400` | a certificate, list or document ends within 30 days |
    | `xtblish_disk_free_bytes / xtblish_disk_size_bytes < 0.1` | a disk fills up |
    | `increase(registry_events_omitted_total[1h]) > 0` | devices write more events than they may |
    | `registry_outbox_pending > 0` for ten minutes | notifications do not get out |
    | `notifier_broker_connected < 1` | a connection to the broker is down |
    | `increase(image_store_damaged_reads_total[1d]) > 0` | a stored image is damaged |
    | `xtblish_metrics_dropped_series > 0` | there are more series than a process keeps |

    """
}
