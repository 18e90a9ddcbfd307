package import ArgumentParser
import Messaging
package import Wire

/// What the commands that all executables share must know of theirs.
package protocol AdministeredService: SendableMetatype {
  associatedtype Settings: ServiceSettings
  /// The executable's first command, for shell completion.
  associatedtype Root: ParsableCommand

  /// `xtblish-registry`
  static var executable: String { get }

  /// What its servers are on the bus.
  static var busRole: BusRole { get }

  /// Where the service answers on the bus when nobody says otherwise.
  static func defaultEndpoint(environment: [String: String]) -> String

  /// What to do if nobody is there, for the end of a sentence.
  static var absenceAdvice: String { get }
}

extension AdministeredService {
  package static var name: String { Settings.serviceName }

  /// `XTBLISH_REGISTRY_ENDPOINTS`
  package static var endpointsVariable: String { SettingName.environment(forKey: "\(name).endpoints") }

  package static var absenceAdvice: String { "say where \(executable) is with --endpoint or \(endpointsVariable)" }

  /// The configuration of the executable's first command: its version, its own subcommands, and those that all have.
  package static func rootConfiguration(
    abstract: String, discussion: String = "", subcommands: [any ParsableCommand.Type]
  ) -> CommandConfiguration {
    CommandConfiguration(
      commandName: executable, abstract: abstract, discussion: discussion,
      version: "\(executable) \(XtblishVersion.current)",
      subcommands: subcommands + [
        ServiceStatusCommand<Self>.self, CheckConfigCommand<Self>.self, BusKeyCommand<Self>.self,
        CompletionCommand<Self>.self,
      ])
  }
}
