/// How much a line of a device's log matters. The raw value orders levels; `name` is what messages say.
package enum LogLevel: Int, Sendable, CaseIterable {
  case debug = 0
  case info = 1
  case warning = 2
  case error = 3

  package var name: String {
    switch self {
    case .debug: "debug"
    case .info: "info"
    case .warning: "warning"
    case .error: "error"
    }
  }

  package init?(name: String) {
    guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
    self = level
  }
}
