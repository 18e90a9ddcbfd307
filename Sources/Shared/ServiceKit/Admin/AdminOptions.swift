package import ArgumentParser
import FoundationEssentials
import Foundations
import Logging
package import Messaging
import Wire

/// The options of every command that talks to the running service.
package struct AdminOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Where the service answers on the bus; several, separated by commas, for several replicas.",
      discussion: "Otherwise taken from the environment: XTBLISH_<SERVICE>_ENDPOINTS.", valueName: "tcp://host:port"))
  package var endpoint: String?

  @OptionGroup package var bus: BusOptions

  @Flag(help: "Print JSON for programs instead of text for people.")
  package var json = false

  @Option(help: ArgumentHelp("How long to wait for the answer, such as 5, 500ms or 2m.", valueName: "time"))
  package var timeout: String = "5"

  package init() {}

  package mutating func validate() throws {
    if let endpoint {
      guard (try? SettingType.endpoints.parse(endpoint)) != nil else {
        throw ValidationError("--endpoint must be \(SettingType.endpoints.expected)")
      }
    }
    guard (try? Self.timeoutType.parse(timeout)) != nil else {
      throw ValidationError("--timeout must be \(Self.timeoutType.expected)")
    }
  }

  private static let timeoutType = SettingType.duration(.milliseconds(1)...(.seconds(3_600)))

  /// The time for the whole of a request, as `--timeout` gives it.
  package var deadline: Duration { (try? Self.timeoutType.parse(timeout)) ?? .seconds(5) }

  /// Where to ask: what `--endpoint` says, else the environment, else the service's usual place.
  package func endpoints<Service: AdministeredService>(
    of service: Service.Type, environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> [String] {
    if let endpoint { return try SettingType.endpoints.parse(endpoint) }
    if let text = environment[service.endpointsVariable], !text.isEmpty {
      do {
        return try SettingType.endpoints.parse(text)
      } catch {
        throw AdminError(
          "\(service.endpointsVariable) is \"\(text)\": expected \(error.expected)", status: .configuration)
      }
    }
    return [service.defaultEndpoint(environment: environment)]
  }

  /// Runs `body` with a client of the running service.
  package func withClient<Service: AdministeredService, T: Sendable>(
    of service: Service.Type, _ body: (any RPCCaller) async throws -> T
  ) async throws -> T {
    try await withClient(of: service, endpoints: endpoints(of: service), body)
  }

  func withClient<Service: AdministeredService, T: Sendable>(
    of service: Service.Type, endpoints: [String], _ body: (any RPCCaller) async throws -> T
  ) async throws -> T {
    try await withClient(
      name: service.name, role: service.busRole, endpoints: endpoints,
      advice: "say where \(service.executable) is with --endpoint or \(service.endpointsVariable)", body)
  }

  /// - Parameter advice: what to do if nobody answers.
  func withClient<T: Sendable>(
    name: String, role: BusRole, endpoints: [String], advice: String, _ body: (any RPCCaller) async throws -> T
  ) async throws -> T {
    // Its doings are not what the caller of a command wants to read.
    let logger = Logger(label: name) { _ in SwiftLogNoOpLogHandler() }
    let transport = try bus.bus().transport(to: role)
    do {
      return try await withRPCClient(name: name, endpoints: endpoints, transport: transport, logger: logger) {
        try await body($0)
      }
    } catch let failure as WireFailure where failure.code == .unavailable || failure.code == .deadlineExceeded {
      throw AdminError(
        "\(failure.message.asClause); \(advice)", status: failure.code == .unavailable ? .unavailable : .temporary)
    }
  }
}
