/// The text format of Prometheus, version 0.0.4
/// (https://prometheus.io/docs/instrumenting/exposition_formats/).
package enum PrometheusText {
  /// The media type of the text.
  package static let contentType = "text/plain; version=0.0.4; charset=utf-8"

  /// Longer label values are cut: they identify nothing any more.
  static let maximumLabelValueBytes = 256

  /// `rpc.client.requests` becomes `rpc_client_requests_total`.
  static func name(_ label: String, suffix: String?) -> String {
    var name = sanitised(label, allowing: ":")
    if let suffix, !name.hasSuffix("_\(suffix)") { name += "_\(suffix)" }
    return name
  }

  /// `method="GET",route="/v1/devices"`, in the order of the names, so that one series has one text.
  static func labels(_ dimensions: [(String, String)]) -> String {
    dimensions.map { "\(sanitised($0.0, allowing: nil))=\"\(escaped($0.1))\"" }.sorted().joined(separator: ",")
  }

  /// What stands before the series of a metric.
  static func heading(_ name: String, _ kind: MetricCatalog.Kind) -> String {
    let help = MetricCatalog.help(name).replacing("\\", with: "\\\\").replacing("\n", with: "\\n")
    return "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
  }

  static func braced(_ labels: String) -> String { labels.isEmpty ? "" : "{\(labels)}" }

  /// Whole numbers without a point.
  static func number(_ value: Double) -> String {
    if value.isNaN { return "NaN" }
    if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
    return Int(exactly: value).map(String.init) ?? String(value)
  }

  private static func sanitised(_ text: String, allowing extra: Character?) -> String {
    let name = String(
      text.map { character in
        character.isASCII && (character.isLetter || character.isNumber) || character == extra ? character : "_"
      })
    return name.first?.isNumber != false ? "_\(name)" : name
  }

  private static func escaped(_ value: String) -> String {
    var result = ""
    var bytes = 0
    for scalar in value.unicodeScalars {
      bytes += UTF8.width(scalar)
      if bytes > maximumLabelValueBytes { break }
      switch scalar {
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      case "\n": result += "\\n"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result
  }
}
