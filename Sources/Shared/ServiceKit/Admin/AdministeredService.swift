package import ArgumentParser
import Messaging
package import Wire

/// What the commands that all executables share must know of the service they belong to. `Settings` are its settings.
package protocol AdministeredService: SendableMetatype {
  associatedtype Settings: ServiceSettings
  /// The executable's first command; shell completion starts there.
  associatedtype Root: ParsableCommand

  /// The name of the executable: `xtblish-registry`.
  static var executable: String { get }

  /// The role of the service's servers on the bus.
  static var busRole: BusRole { get }

  /// Where the service answers on the bus when nobody says otherwise.
  static func defaultEndpoint(environment: [String: String]) -> String
}

extension AdministeredService {
  /// The service's name: `registry`.
  package static var name: String { Settings.serviceName }

  /// The environment variable that says where the service answers on the bus: `XTBLISH_REGISTRY_ENDPOINTS`.
  package static var endpointsVariable: String { SettingName.environment(forKey: "\(name).endpoints") }

  /// The configuration of the executable's first command: its version, its own subcommands, and those that every
  /// executable has.
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
