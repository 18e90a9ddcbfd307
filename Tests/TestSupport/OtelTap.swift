import Glibc

/// A receiver of OpenTelemetry's protocol that is not ours: `oteltap` of PyPI, which prints each span that it gets as JSON
/// on a line.
package final class OtelTap: Sendable {
  private let port: FreePort
  private let process: ChildProcess

  /// Returns when it listens.
  package init() async throws {
    let packages = "\(packageDirectory())/.build-python/oteltap"
    guard access(packages, R_OK) == 0 else { throw TestFailure("\(packages) is not there; make it with `make python`") }
    port = try FreePort()
    process = try ChildProcess(
      PythonEnvironment.interpreter(), ["-u", "-m", "oteltap", "--port", "\(port.number)"],
      environment: ["PYTHONPATH": packages])
    _ = try await process.waitForLine(containing: "Listening")
  }

  /// What a service's `trace.otlp.url` is to be.
  package var url: String { "http://127.0.0.1:\(port.number)" }

  /// The spans that came so far, a line of JSON each.
  package var spans: [String] { process.output.split(separator: "\n").filter { $0.hasPrefix("{") }.map(String.init) }

  package func stop() async throws {
    process.kill(SIGINT)
    _ = try await process.waitForExit()
  }
}
