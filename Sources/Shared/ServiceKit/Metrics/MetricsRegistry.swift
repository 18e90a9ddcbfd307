package import CoreMetrics
import Synchronization

/// Keeps the values of all metrics of a process, for Prometheus to fetch.
///
/// The number of series is bounded: a label that takes its values from the outside can't make the process grow. What
/// is over the bound is counted in `xtblish_metrics_dropped_series`, and otherwise lost. It is a factory of
/// swift-metrics: see that package for what `make…` and `destroy…` are for.
package final class MetricsRegistry: MetricsFactory {
  /// Series of a process, all metrics together.
  static let maximumSeries = 5_000
  /// Series of one metric.
  package static let maximumSeriesPerMetric = 1_000

  /// How long those who fetch the metrics wait for figures that are looked up for them. Prometheus gives up after ten
  /// seconds.
  private static let patience = Duration.seconds(3)

  private let families = Mutex(Families())
  private let collectors = Mutex<[MetricCollector]>([])

  package init() {}

  private struct Families {
    var byName: [String: MetricFamily] = [:]
    var seriesCount = 0
    var droppedCount = 0
  }

  /// Makes it the destination of all metrics of the process. To be called once.
  func bootstrap() {
    MetricsSystem.bootstrap(self)
  }

  /// Has figures looked up whenever the metrics are fetched: for what would cost something all the time otherwise.
  ///
  /// - Parameters:
  ///   - name: one word, as `xtblish_metrics_collected_timestamp_seconds` names it.
  ///   - interval: how long what was found counts, however often the metrics are fetched.
  ///   - isCostly: whether a look takes the more the larger the installation is, and so must take a share of the time.
  ///   - look: sets the gauges. What it throws leaves them as they are.
  package func addCollector(
    _ name: String, every interval: Duration = .milliseconds(500), isCostly: Bool = false,
    look: @escaping @Sendable () async throws -> Void
  ) {
    collectors.withLock {
      $0.append(MetricCollector(name: name, interval: interval, isCostly: isCostly, body: look))
    }
  }

  /// ``exposition()``, after everything that is looked up for it.
  package func currentExposition() async -> String {
    let all = collectors.withLock { $0 }
    await withDiscardingTaskGroup { group in
      for collector in all { group.addTask { await collector.collect(patience: Self.patience) } }
    }
    return exposition()
  }

  /// A number that only grows; its name ends in `_total`.
  package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    series(label, suffix: "total", .counter, dimensions) { CounterSeries() }
  }

  /// A number that goes up and down.
  package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(label, suffix: nil, .gauge, dimensions) { GaugeSeries() }
  }

  /// A histogram of sizes if `aggregate` is true, else a number that goes up and down.
  package func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    if aggregate {
      series(label, suffix: nil, .histogram, dimensions) { HistogramSeries(bounds: HistogramSeries.sizeBounds) }
    } else {
      series(label, suffix: nil, .gauge, dimensions) { GaugeSeries() }
    }
  }

  /// A histogram of times; its name ends in `_seconds`.
  package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(label, suffix: "seconds", .histogram, dimensions) {
      HistogramSeries(bounds: HistogramSeries.secondsBounds)
    }
  }

  /// Forgets the series.
  package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
  /// Forgets the series.
  package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
  /// Forgets the series.
  package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
  /// Forgets the series.
  package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

  /// All series in the text format that Prometheus reads, as they are.
  package func exposition() -> String {
    let (sorted, dropped) = families.withLock { families in
      (families.byName.sorted { $0.key < $1.key }, families.droppedCount)
    }
    var text = ProcessFigures.exposition()
    text += PrometheusText.heading("xtblish_metrics_dropped_series", .gauge)
    text += "xtblish_metrics_dropped_series \(dropped)\n"
    text += collections()
    for (name, family) in sorted {
      text += PrometheusText.heading(name, family.kind)
      for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
        text += series.lines(name: name, labels: labels)
      }
    }
    return text
  }

  /// When each collector last found something.
  private func collections() -> String {
    let times = collectors.withLock { $0 }.compactMap { collector in collector.collectedAt.map { (collector.name, $0) }
    }
    guard !times.isEmpty else { return "" }
    let name = "xtblish_metrics_collected_timestamp_seconds"
    return times.reduce(into: PrometheusText.heading(name, .gauge)) { text, entry in
      let labels = PrometheusText.labels([("collector", entry.0)])
      text += "\(name){\(labels)} \(PrometheusText.number(entry.1))\n"
    }
  }

  /// The series of that name and labels: the one that there is, or a new one.
  private func series<Series: MetricSeries>(
    _ label: String, suffix: String?, _ kind: MetricCatalog.Kind, _ dimensions: [(String, String)], _ make: () -> Series
  ) -> Series {
    let name = PrometheusText.name(label, suffix: suffix)
    let labels = PrometheusText.labels(dimensions)
    return families.withLock { families in
      var family = families.byName[name] ?? MetricFamily(kind: kind)
      if let existing = family.series[labels] as? Series { return existing }
      // One name can only be of one kind; and the bound.
      guard family.kind == kind, families.seriesCount < Self.maximumSeries,
        family.series.count < Self.maximumSeriesPerMetric
      else {
        families.droppedCount += 1
        return make()
      }
      let new = make()
      family.series[labels] = new
      families.byName[name] = family
      families.seriesCount += 1
      return new
    }
  }

  private func remove(_ handler: AnyObject) {
    families.withLock { families in
      for (name, family) in families.byName {
        guard let labels = family.series.first(where: { $0.value === handler })?.key else { continue }
        families.byName[name]?.series[labels] = nil
        if families.byName[name]?.series.isEmpty == true { families.byName[name] = nil }
        families.seriesCount -= 1
        return
      }
    }
  }
}

/// All series of one name.
struct MetricFamily {
  let kind: MetricCatalog.Kind
  /// The series, by their labels as Prometheus writes them.
  var series: [String: any MetricSeries] = [:]
}

/// One line, or a few, of what Prometheus fetches.
protocol MetricSeries: AnyObject, Sendable {
  func lines(name: String, labels: String) -> String
}
