package import ArgumentParser
import FoundationEssentials

/// `check-config`: shows every setting and says what is wrong, without starting anything.
package struct CheckConfigCommand<Service: AdministeredService>: AsyncParsableCommand {
  package static var configuration: CommandConfiguration {
    CommandConfiguration(
      commandName: "check-config", abstract: "Show every setting, its value and where it comes from.",
      discussion: "Ends with 78 when a setting is wrong, missing or unknown. Secrets are not shown.")
  }

  @OptionGroup package var options: ServeOptions

  @Flag(help: "Print JSON for programs instead of text for people.")
  package var json = false

  @OptionGroup package var table: TableOptions

  package init() {}

  package func run() async throws {
    let report = ConfigurationReport(
      Service.Settings.self, environment: ProcessInfo.processInfo.environment, configurationPath: options.config)
    try await runAdmin {
      if json {
        try printJSON(report)
      } else {
        StandardOutput.write(report.text(columns: table.wide ? nil : TerminalWidth.told()))
      }
      guard !report.isValid else { return }
      throw SettingsError(report.problems.map { SettingProblem(key: nil, message: $0) })
    }
  }
}

extension ConfigurationReport {
  /// The report as a table for people.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package func text(columns: Int?) -> String {
    var table = Table([("KEY", .always), ("ENVIRONMENT", .spare(1)), ("VALUE", .cut), ("SOURCE", .cut)])
    for row in settings { table.add([row.key, row.environment, row.value ?? "-", row.source]) }
    return table.text(columns: columns)
  }
}
