package import CoreMetrics
import Synchronization

/// Keeps the values of all metrics of a process, for Prometheus to fetch.
///
/// The number of series is bounded: a label that takes its values from the outside can't make the process grow. What
/// is over the bound is counted in `xtblish_metrics_dropped_series`, and otherwise lost. It is a factory of
/// swift-metrics: see that package for what `make…` and `destroy…` are for.
package final class MetricsRegistry: MetricsFactory {
  /// Series of a process, all metrics together.
  package static let maximumSeries = 5_000
  /// Series of one metric.
  package static let maximumSeriesPerMetric = 1_000

  private let families = Mutex(Families())

  package init() {}

  private struct Families {
    var byName: [String: MetricFamily] = [:]
    var seriesCount = 0
    var droppedCount = 0
  }

  /// Makes it the destination of all metrics of the process. To be called once.
  package func bootstrap() {
    MetricsSystem.bootstrap(self)
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

  /// All series in the text format that Prometheus reads.
  package func exposition() -> String {
    let (sorted, dropped) = families.withLock { families in
      (families.byName.sorted { $0.key < $1.key }, families.droppedCount)
    }
    var text = ProcessFigures.exposition()
    text += PrometheusText.heading("xtblish_metrics_dropped_series", .gauge)
    text += "xtblish_metrics_dropped_series \(dropped)\n"
    for (name, family) in sorted {
      text += PrometheusText.heading(name, family.kind)
      for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
        text += series.lines(name: name, labels: labels)
      }
    }
    return text
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
