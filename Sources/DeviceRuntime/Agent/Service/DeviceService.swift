import AppLink
import AppSupervision
import Curl
package import DeviceAdmin
import DeviceCredentials
import DeviceImages
import DeviceStorage
import FoundationEssentials
import Logging
import Messaging
package import ServiceKit
import ServiceLifecycle
import UpdateCore

/// The device's program put together.
package enum DeviceService {
  /// Runs until a signal asks for the end.
  package static func run(_ process: PreparedProcess<DeviceSettings>) async throws {
    let (settings, logger) = (process.settings, process.logger)
    let flash = try DirectoryFlash(directory: settings.directory)
    let lock = try DirectoryLock(directory: settings.directory)
    defer { withExtendedLifetime(lock) {} }
    var identity = try DeviceIdentity.load(from: flash, directory: settings.directory)
    guard !identity.isPlain || process.process.isInsecure else {
      throw IdentityError.plain(directory: settings.directory)
    }
    if let host = settings.mqttHost { identity.mqttHost = host }
    if let port = settings.mqttPort { identity.mqttPort = UInt16(port) }
    let address = try AgentAddress(directory: settings.directory)
    let launcher = try ProcessAppLauncher(
      executable: try AppHostExecutable.besideThisProgram(), directory: address.appDirectory,
      users: try AppUsers(ofThisProcess: settings.appUser, logger: logger))
    let files = try IdentityFiles(directory: settings.directory)
    let http = HTTPClient(
      HTTPClient.Configuration(
        userAgent: "xtblish-device/\(XtblishVersion.current)", tls: identity.isPlain ? .system : try files.httpTLS(),
        proxy: settings.proxy))
    let security =
      identity.isPlain
      ? DeviceSecurity.insecure
      : try DeviceSecurity(identity, files: files, bank: settings.otpBank(flash), http: http, logger: logger)
    let agent = try DeviceAgent(
      identity: identity, security: security, configuration: configuration(settings, identity), flash: flash,
      launcher: launcher, http: http, logger: logger)
    var router = RPCRouter()
    AgentRPC(agent: agent).register(on: &router)
    let rpc = RPCServer(
      name: "device", listening: address.endpoint, router: router,
      transport: try AgentKeys.make(in: address.keyFolder).transport, logger: logger)
    var services: [any Service] = [agent, rpc]
    if let trial = RuntimeTrial(
      agent: agent, directory: settings.directory, limit: .seconds(settings.runtimeTrialSeconds))
    {
      services.append(trial)
    }
    if let manager = ServiceManager(environment: ProcessInfo.processInfo.environment) {
      services.append(Supervision(agent: agent, manager: manager))
    }
    try await ServiceHost.run(
      name: "device", logger: logger, services: services, shutdownTimeout: process.process.shutdownTimeout)
  }

  static func configuration(_ settings: DeviceSettings, _ identity: DeviceIdentity) -> AgentConfiguration {
    var limits = AppLimits.standard
    limits.memoryBytes = settings.appMemoryBytes
    limits.reservesAddressSpace = settings.reservesAddressSpace
    limits.eventDeadline = .milliseconds(settings.appEventMilliseconds)
    limits.keyValueBytes = settings.appKeyValueBytes
    limits.busyDeadline = .seconds(settings.appBusySeconds)
    let heartbeat = settings.heartbeatSeconds ?? identity.heartbeatSeconds.map { Int($0) } ?? 30
    let update = UpdatePolicy(
      unconfirmed: settings.unconfirmed, survivedAgentDeaths: UInt8(settings.trialAgentDeaths),
      survivedPowerCuts: UInt8(settings.trialPowerCuts))
    return AgentConfiguration(
      heartbeat: .seconds(max(1, heartbeat)), trial: .seconds(settings.trialSeconds), update: update, boot: .current(),
      startDeadline: .seconds(settings.appStartSeconds),
      download: ImageDownload.Policy(maximumImageBytes: UInt64(settings.maximumImageBytes)),
      redirectHosts: settings.redirectHosts, appLimits: limits,
      logUpload: LogUploadPolicy(bytesPerSecond: settings.logBytesPerSecond))
  }
}
