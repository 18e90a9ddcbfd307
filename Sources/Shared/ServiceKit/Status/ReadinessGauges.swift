import Metrics
import Synchronization

/// Tells a service's readiness as metrics, so that an alert can name what it waits for.
package struct ReadinessGauges: Sendable {
  private let ready = Gauge(label: "xtblish_ready")

  package init() {}

  /// Has the checks made whenever the metrics are fetched.
  package func keep(_ readiness: Readiness, in metrics: MetricsRegistry) {
    let checks = Mutex<[String: Gauge]>([:])
    metrics.addCollector("readiness") {
      let findings = await readiness.findings()
      ready.record(findings.allSatisfy(\.isReady) ? 1 : 0)
      for finding in findings {
        let gauge = checks.withLock { checks in
          let gauge = checks[finding.name] ?? Gauge(label: "xtblish_check_ready", dimensions: [("check", finding.name)])
          checks[finding.name] = gauge
          return gauge
        }
        gauge.record(finding.isReady ? 1 : 0)
      }
    }
  }
}
