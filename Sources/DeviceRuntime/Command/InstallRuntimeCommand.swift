import ArgumentParser
import Curl
import DeviceAdmin
import DeviceCredentials
import DeviceStorage
import Foundations
import Glibc
import OpenSSL
import RuntimeBundle
import RuntimeSlots
import ServiceKit
import UpdateCore

struct InstallRuntimeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install", abstract: "Install a bundle of the device's software, to be tried at the next start.",
    discussion: """
      A key must have signed it that the device's root document names for \(RuntimeManifest.delegatedName). Nothing is \
      stopped: \(RuntimeCommand.restartAdvice).
      """)

  @Argument(help: "The bundle.", completion: .file()) var file: String

  @OptionGroup var options: ServeOptions
  @OptionGroup var directory: DirectoryOption
  @Flag(help: "Print JSON for programs instead of text for people.") var json = false

  func run() async throws {
    directory.apply()
    try await runAdmin {
      let descriptor = open(file, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else {
        throw AdminError("can't read \(file): \(String(cString: strerror(errno)))", status: .data)
      }
      defer { close(descriptor) }
      let process = try options.prepare(DeviceSettings.self)
      try directory.requireFolder()
      try FolderOwner.become(of: process.settings.directory)
      let keys = try await Self.keys(process)
      let packaged = PackagedRuntime.version(in: RuntimeCommand.package)
      let (manifest, slot) = try await RuntimeCommand.reporting {
        let store = try RuntimeStore(directory: process.settings.directory)
        return try RuntimeInstallation(
          store: store, trusting: keys, architecture: PackagedRuntime.architecture(), packaged: packaged
        ).install { offset, count in try Self.read(descriptor, offset, count, file) }
      }
      if json {
        let record = try RuntimeStore(directory: process.settings.directory).record()
        try printJSON(RuntimeView(record, packaged: packaged))
      } else {
        print("runtime \(manifest.version) is in slot \(slot.name); \(RuntimeCommand.restartAdvice)")
      }
    }
  }

  /// Whose signatures of runtimes count, by the newest root document that can be had.
  private static func keys(_ process: PreparedProcess<DeviceSettings>) async throws -> [Ed25519.PublicKey] {
    let settings = process.settings
    do {
      let flash = try DirectoryFlash(directory: settings.directory)
      let identity = try DeviceIdentity.load(from: flash, directory: settings.directory)
      guard !identity.isPlain else { return [] }
      let files = try IdentityFiles(directory: settings.directory)
      let http = HTTPClient(HTTPClient.Configuration(tls: try files.httpTLS(), proxy: settings.proxy))
      defer { http.close() }
      let security = try DeviceSecurity(
        identity, files: files, bank: settings.otpBank(flash), http: http, logger: process.logger)
      // Without a network, what is known has to do.
      _ = await security.trust.refresh()
      return try security.trust.keys(delegatedFor: RuntimeManifest.delegatedName)
    } catch let error as IdentityError {
      throw AdminError("\(error)", status: .configuration)
    }
  }

  private static func read(
    _ descriptor: Int32, _ offset: UInt64, _ count: Int, _ file: String
  ) throws(RuntimeBundleError) -> [UInt8] {
    var status = stat()
    guard fstat(descriptor, &status) == 0, offset <= UInt64(status.st_size) else {
      throw .unreadable(file: file, reason: "it is shorter than it says")
    }
    let there = min(count, Int(UInt64(status.st_size) - offset))
    guard let bytes = readBytes(of: descriptor, from: Int(offset), count: there) else {
      throw .unreadable(file: file, reason: String(cString: strerror(errno)))
    }
    return bytes
  }
}
