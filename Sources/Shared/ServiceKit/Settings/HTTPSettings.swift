/// How many connections an HTTP server may have: `maximumConnections` of all clients together, and
/// `connectionsPerAddress` of one address without credentials.
package struct HTTPSettings: Sendable, Equatable {
  package let maximumConnections: Int
  package let connectionsPerAddress: Int

  package static let maximumConnectionsSetting = Setting(
    "http.connections.maximum", .integer(16...100_000), .default("4096"),
    help: "Connections at once. When they are there, the longest idle without credentials gives way to a new one.")
  package static let connectionsPerAddressSetting = Setting(
    "http.connections.per-address", .integer(1...100_000), .default("1024"),
    help: """
      Of them, those of one address (of IPv6: of its first 64 bits) that have shown neither a certificate nor a token. \
      Behind a proxy that ends TCP all clients have its address: set it to the maximum there.
      """)

  /// What ``ServiceSettings/allSettings`` of a service with an HTTP server includes.
  package static let allSettings: [any SettingDescription] = [maximumConnectionsSetting, connectionsPerAddressSetting]

  package init(_ reader: inout SettingsReader) throws(SettingsError) {
    maximumConnections = try reader.require(Self.maximumConnectionsSetting)
    connectionsPerAddress = try reader.require(Self.connectionsPerAddressSetting)
  }
}
