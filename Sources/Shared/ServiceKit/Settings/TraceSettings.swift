/// Where a service's spans go (`url`; nil: nowhere), with which further headers (`headersFile`) and trusting whom
/// (`caFile`), and which share of the traces that begin at the service do (`sampleRatio`, 0 to 1).
package struct TraceSettings: Sendable {
  package let url: String?
  package let headersFile: String?
  package let caFile: String?
  package let sampleRatio: Double

  static let urlSetting = Setting(
    "trace.otlp.url", .url(["http", "https"]), .optional,
    help: "The receiver of spans, without /v1/traces: OTLP over HTTP, in protobuf. Without it none are made.")
  static let headersFileSetting = Setting(
    "trace.otlp.headers-file", .path, .optional,
    help: "A file with further headers for that receiver, as NAME: VALUE on lines, which its owner alone may read.")
  static let caFileSetting = Setting(
    "trace.otlp.ca-file", .path, .optional,
    help: "The authorities (PEM) that the receiver's certificate must lead to; otherwise those of the system.")
  static let sampleRatioSetting = Setting(
    "trace.sample.ratio", .ratio, .default("1"),
    help: "Which share of the traces that begin here is exported. Of a trace that came along its own flag counts.")

  static let allSettings: [any SettingDescription] = [
    urlSetting, headersFileSetting, caFileSetting, sampleRatioSetting,
  ]

  /// Settings for tests, which make a process without reading its settings.
  package static let none = TraceSettings(url: nil)

  package init(url: String?, headersFile: String? = nil, caFile: String? = nil, sampleRatio: Double = 1) {
    self.url = url
    self.headersFile = headersFile
    self.caFile = caFile
    self.sampleRatio = sampleRatio
  }

  init(_ reader: SettingsReader) throws(SettingsError) {
    url = try reader.optional(Self.urlSetting)
    headersFile = try reader.optional(Self.headersFileSetting)
    caFile = try reader.optional(Self.caFileSetting)
    sampleRatio = try reader.require(Self.sampleRatioSetting)
  }
}
