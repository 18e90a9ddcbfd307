/// Whom an intermediate signs for.
///
/// There are two so that a broker can keep devices and services apart: a listener that has the revocation list of one
/// refuses the certificates of the other. The one for services is not needed by the running service.
enum IssuerAudience: Sendable {
  case devices
  /// Services and operators.
  case services

  /// The name of its files in the authority's folder, without the ending.
  var fileName: String {
    switch self {
    case .devices: "intermediate"
    case .services: "services"
    }
  }

  /// The first words of its common name.
  var title: String {
    switch self {
    case .devices: "xtblish issuing CA"
    case .services: "xtblish services CA"
    }
  }
}
