import FirmwareImage
import Glibc
import ImageAdmission
import Logging
import Messaging
import OpenSSL
import ServiceHosting
package import ServiceKit
import Wasmtime
package import Wire

/// What the settings of an image store say. Each property holds the setting whose help stands below.
///
/// - Where it answers: `httpListen`, `rpcListen`, `operationsListen`, and how HTTP is answered: `http`, `tls`.
/// - Whom it asks: `registryEndpoints`, `provisionerEndpoints`.
/// - Images: their `directory`, the largest module (`maximumBytes`), and how many uploads go on at once
///   (`maximumUploads`).
/// - Apps: whether a publisher must have signed them (`requiresPublisher`), the key for those that come unsigned
///   (`publisherKeyFile`; nil: they stay so), how much memory they may want (`appMemoryBytes`), and the engine that
///   checks their code (`enginePath`; nil: the one at the usual place).
package struct ImageStoreSettings: HostedServiceSettings {
  /// What the service is called in the names of its settings and of its executable.
  package static let serviceName = "image-store"
  /// Its place on the services' bus.
  package static let busRole: BusRole? = .imageStore

  let httpListen: ListenAddress
  package let rpcListen: String
  package let operationsListen: ListenAddress
  package let directory: String
  package let maximumBytes: Int
  package let maximumUploads: Int
  let registryEndpoints: [String]
  let provisionerEndpoints: [String]
  package let tls: TLSSettings
  package let http: HTTPSettings
  let requiresPublisher: Bool
  let publisherKeyFile: String?
  let appMemoryBytes: Int
  let enginePath: String?

  static let httpListenSetting = Setting(
    "image-store.http.listen", .listenAddress, .default("127.0.0.1:7121"),
    help: "Where clients and devices send and fetch images.")
  static let rpcListenSetting = Setting(
    "image-store.rpc.listen", .endpoint, .default("tcp://127.0.0.1:7122"),
    help: "Where the admin commands ask over ZeroMQ.")
  static let operationsListenSetting = Setting(
    "image-store.operations.listen", .listenAddress, .default("127.0.0.1:7123"),
    help: "Where /livez, /readyz and /metrics are.")
  static let directorySetting = Setting(
    "image-store.directory", .path, .required,
    help: "The directory that keeps the images; replicas share one.")
  static let maximumBytesSetting = Setting(
    "image-store.maximum.bytes", .byteSize(1_024...(16 << 30)), .default("67108864"),
    help: "The largest WebAssembly module that is taken, in bytes.")
  static let maximumUploadsSetting = Setting(
    "image-store.maximum.uploads", .integer(1...1_000), .default("64"),
    help: "Uploads at once; each holds up to 4 MiB of memory. Further ones get 503.")
  static let registryEndpointsSetting = Setting(
    "registry.endpoints", .endpoints, .default("tcp://127.0.0.1:7102"),
    help: "The Registry's ZeroMQ addresses, separated by commas.")
  static let provisionerEndpointsSetting = Setting(
    "provisioner.endpoints", .endpoints, .default("tcp://127.0.0.1:7112"),
    help: "The Provisioner's ZeroMQ addresses, separated by commas.")

  static let requiresPublisherSetting = Setting(
    "image-store.publisher.required", .boolean, .default("true"),
    help: "Whether uploads for devices must be signed by a publisher that the root document names.")

  static let publisherKeyFileSetting = Setting(
    "image-store.publisher.key-file", .path, .optional,
    help: """
      Signs modules that come without a publisher's signature, where who deploys is who builds. Whoever may deploy, or \
      gets hold of this machine, can then make apps: leave it unset for a fleet.
      """)

  static let appMemorySetting = Setting(
    "image-store.app.memory-bytes", .byteSize(65_536...(4 << 30)), .default("64MiB"),
    help:
      "The largest memory that any of the devices gives an app (device.app.memory-bytes): more from its start is refused."
  )

  static let engineSetting = Setting(
    "engine", .path, .optional,
    help: """
      The WebAssembly engine's library, with which the code of modules is checked; otherwise libwasmtime.so beside the \
      program, or /usr/lib/xtblish/libwasmtime.so. Without one only devices check code.
      """)

  /// Its own settings, in the order in which `check-config` shows them.
  package static let allSettings: [any SettingDescription] =
    [
      httpListenSetting, rpcListenSetting, operationsListenSetting, directorySetting, maximumBytesSetting,
      maximumUploadsSetting, registryEndpointsSetting, provisionerEndpointsSetting, requiresPublisherSetting,
      publisherKeyFileSetting, appMemorySetting, engineSetting,
    ] + TLSSettings.allSettings + HTTPSettings.allSettings

  package init(_ reader: inout SettingsReader) throws(SettingsError) {
    httpListen = try reader.require(Self.httpListenSetting)
    rpcListen = try reader.require(Self.rpcListenSetting)
    operationsListen = try reader.require(Self.operationsListenSetting)
    directory = try reader.require(Self.directorySetting)
    maximumBytes = try reader.require(Self.maximumBytesSetting)
    maximumUploads = try reader.require(Self.maximumUploadsSetting)
    registryEndpoints = try reader.require(Self.registryEndpointsSetting)
    provisionerEndpoints = try reader.require(Self.provisionerEndpointsSetting)
    tls = try TLSSettings(&reader)
    http = try HTTPSettings(&reader)
    requiresPublisher = try reader.require(Self.requiresPublisherSetting)
    publisherKeyFile = try reader.optional(Self.publisherKeyFileSetting)
    appMemoryBytes = try reader.require(Self.appMemorySetting)
    enginePath = try reader.optional(Self.engineSetting)
  }

  /// What the service needs beside its keys of the bus: TLS, unless it was told to do without trust.
  package func missing(isInsecure: Bool) -> [SettingProblem] {
    tls.missing(role: Self.serviceName, isInsecure: isInsecure)
  }

  /// The key for modules that come unsigned; nil if there is to be none.
  func ownPublisherKey(logger: Logger) throws -> Ed25519.PrivateKey? {
    guard let publisherKeyFile else { return nil }
    do throws(SigningKeyError) {
      let key = try SigningKeyFile.readPrivate(publisherKeyFile)
      logger.warning("modules that come unsigned are signed here", metadata: ["file": "\(publisherKeyFile)"])
      return key
    } catch {
      throw AdminError("\(Self.publisherKeyFileSetting.environmentName): \(error)", status: .configuration)
    }
  }

  /// Lets the engine look at the code of modules; nil, and a line in the log, if there is none here.
  func codeCheck(executable: String?, logger: Logger) throws -> (any CodeCheck)? {
    let path = EngineLocation.path(explicit: enginePath)
    guard access(path, R_OK) == 0 else {
      if enginePath != nil {
        throw AdminError(
          "\(Self.engineSetting.environmentName): there is no engine \(path) that can be read; fetch it with `make engine`",
          status: .configuration)
      }
      logger.warning(
        "no WebAssembly engine here: the code of modules is checked by devices alone", metadata: ["file": "\(path)"])
      return nil
    }
    guard let executable else { return nil }
    let program = "\(executable[..<(executable.lastIndex(of: "/") ?? executable.startIndex)])/xtblish-code-check"
    guard access(program, X_OK) == 0 else {
      throw AdminError(
        "there is no \(program) that can be run, with which the code of modules is checked; install it of the same "
          + "release beside \(executable)", status: .configuration)
    }
    return EngineCodeCheck(executable: program, engine: path, logger: logger)
  }

  /// What uploads must prove about who built them.
  func publisherPolicy(isInsecure: Bool) -> PublisherPolicy {
    if isInsecure { return .unchecked }
    return requiresPublisher ? .required : .optional
  }
}
