import ServiceKit

/// What `/readyz` says: whether the `service` is `ready`, and what each of its `checks` found.
struct ReadinessAnswer: Codable {
  let ready: Bool
  let service: String
  let checks: [Check]

  struct Check: Codable {
    let name: String
    let ready: Bool
    let detail: String

    init(_ finding: Readiness.Finding) {
      name = finding.name
      ready = finding.isReady
      detail = finding.detail
    }
  }
}
