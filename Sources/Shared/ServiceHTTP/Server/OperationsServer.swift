import Hummingbird
package import Logging
package import ServiceKit

/// The server for those who run the service: `/livez`, `/readyz` and `/metrics` on a port of their own, without TLS
/// and tokens.
package enum OperationsServer {
  /// Makes the server of a service.
  package static func make(
    name: String, listen: ListenAddress, readiness: Readiness, metrics: MetricsRegistry, logger: Logger
  ) -> HTTPService {
    makeHTTPService(
      name: "operations", listen: listen, router: router(name: name, readiness: readiness, metrics: metrics),
      limits: HTTPLimits(maximumBodyBytes: 1_024, maximumConnections: 64, connectionsPerAddress: 64), logger: logger)
  }

  static func router(name: String, readiness: Readiness, metrics: MetricsRegistry) -> Router<HTTPContext> {
    let router = makeRouter()
    // An answer is all that it takes to be alive.
    router.get("/livez") { _, _ in
      try Response.json(Liveness(service: name, version: XtblishVersion.current), headers: [.cacheControl: "no-store"])
    }
    router.get("/readyz") { _, _ in
      let findings = await readiness.findings()
      let isReady = findings.allSatisfy(\.isReady)
      let answer = ReadinessAnswer(ready: isReady, service: name, checks: findings.map(ReadinessAnswer.Check.init))
      return try Response.json(
        answer, status: isReady ? .ok : .serviceUnavailable,
        headers: isReady ? [.cacheControl: "no-store"] : [.cacheControl: "no-store", .retryAfter: "1"])
    }
    router.get("/metrics") { _, _ in
      Response(
        status: .ok, headers: [.contentType: PrometheusText.contentType],
        body: .shared(ByteBuffer(string: await metrics.currentExposition())))
    }
    return router
  }
}

private struct Liveness: Encodable {
  let service: String
  let version: String
}
