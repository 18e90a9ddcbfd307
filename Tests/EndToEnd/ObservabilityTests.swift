import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.seated, .serialized)
  struct ObservabilityTests {
    private static let files = "\(Stack.package)/Tests/Deployment/observability.py"
    private static let told = "\(Stack.package)/Tests/Deployment/told.py"

    /// The rules and the dashboard name metrics and labels that there are; each alert fires, goes back, and is explained.
    @Test
    func rulesAndDashboardFitTheMetrics() async throws {
      let result = try await command(try PythonEnvironment.interpreter(), [Self.files])
      #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    /// A metric that is not there, an expression that never holds, a label of another metric: each is named.
    @Test
    func faultsInTheRulesOrTheDashboardAreNoticed() async throws {
      let folder = try TemporaryFolder("xtblish-deploy")
      for part in ["prometheus", "grafana"] {
        try await mustSucceed("cp", ["-r", "\(Stack.package)/deploy/\(part)", folder.path])
      }
      for (file, text, replacement) in [
        ("prometheus/alerts.yaml", "registry_outbox_oldest_seconds", "registry_outbox_age_seconds"),
        ("prometheus/alerts.yaml", "notifier_broker_connected == 0", "notifier_broker_connected == 2"),
        ("grafana/xtblish.json", "sum by (service, status)", "sum by (service, state)"),
      ] {
        let url = URL(fileURLWithPath: folder.path(file))
        let original = try String(contentsOf: url, encoding: .utf8)
        #expect(original.contains(text))
        try original.replacingOccurrences(of: text, with: replacement)
          .write(to: url, atomically: true, encoding: .utf8)
      }
      let result = try await command(try PythonEnvironment.interpreter(), [Self.files, folder.path])
      #expect(result.status == 1)
      for complaint in [
        "there is no metric registry_outbox_age_seconds", "XtblishBrokerDisconnected",
        "no metric of the expression has the label state",
      ] {
        #expect(result.output.contains(complaint), "\(result.output)\(result.errors)")
      }
    }

    /// As Prometheus's own tool sees the metrics of every service, and whoever gathers logs their lines.
    @Test
    func whatServicesTellIsAsTheCatalogAndTheToolsWantIt() async throws {
      try await Stack.run(devices: 1, settings: ["XTBLISH_LOG_FORMAT": "json", "XTBLISH_LOG_LEVEL": "debug"]) { stack in
        let device = try #require(try stack.devices.first)
        let deployment = try await stack.deploy(App.make("seen", in: stack.folder), to: device)
        try await stack.waitUntilRuns(deployment)
        let result = try await command(try PythonEnvironment.interpreter(), [Self.told, stack.folder.path])
        #expect(result.status == 0, "\(result.output)\(result.errors)")
      }
    }
  }
}
