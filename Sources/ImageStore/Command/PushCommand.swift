import ArgumentParser
import Foundations
import ImageStoreClient
import RegistryClient
import ServiceKit
import TextFormats

struct PushCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "push", abstract: "Store a .wasm or a whole image, and give it to a device.",
    discussion: """
      Without --device the file must be a .wasm, and is only stored. With --debug it is the unstripped module of an app, \
      kept under its build ID to tell where in the sources a crash was. With --wait it ends when the device has confirmed \
      the version (0), or given it up (1), or time is up (75).
      """)

  @Argument(help: "The file.", completion: .file(extensions: ["wasm"]))
  var file: String

  @Option(
    help: "The device whose next version it becomes: its name, its ID, or the beginning of either.",
    completion: DeviceCompletion.kind)
  var device: String?

  @Flag(help: "Follow the version until the device has proved that it runs, or gives it up.")
  var wait = false

  @Option(help: ArgumentHelp("With --wait: how long at most, such as 90s or 10m.", valueName: "time"))
  var timeout = "5m"

  @Option(help: "The app's name, at most 32 bytes.")
  var name: String?

  @Option(help: "The app's version, at most 32 bytes.")
  var appVersion: String?

  @Option(help: "Makes a repeat of this command safe: the same key is the same version.")
  var idempotencyKey: String?

  @Option(help: ArgumentHelp("Sign it with this publisher's key, made by keygen.", valueName: "file"))
  var signKey: String?

  @Option(help: "With --sign-key: the app's security epoch; devices that confirmed a higher one refuse it.")
  var epoch: UInt32?

  @Option(help: ArgumentHelp("What sign wrote, instead of --sign-key, --name and --app-version.", valueName: "file"))
  var headers: String?

  @Flag(help: "Keep it as the unstripped module of its build.")
  var debug = false

  @OptionGroup var options: TransferOptions

  private static let timeoutType = SettingType.duration(.seconds(1)...(.seconds(7 * 86_400)))

  func validate() throws {
    if wait, device == nil { throw ValidationError("--wait goes with --device: it is a device that proves a version") }
    guard (try? Self.timeoutType.parse(timeout)) != nil else {
      throw ValidationError("--timeout must be \(Self.timeoutType.expected)")
    }
    if signKey != nil || headers != nil, device == nil {
      throw ValidationError("a publisher signs what goes to a device: name it with --device")
    }
    if headers != nil, signKey != nil || name != nil || appVersion != nil || epoch != nil {
      throw ValidationError("--headers has it all: leave out --sign-key, --name, --app-version and --epoch")
    }
    if epoch != nil, signKey == nil { throw ValidationError("--epoch goes with --sign-key") }
    if debug, device != nil || name != nil || appVersion != nil || idempotencyKey != nil {
      throw ValidationError("--debug goes with no other option of an image: push the stripped one for the device")
    }
  }

  func run() async throws {
    if debug { return try await pushDebugModule() }
    try await runAdmin {
      var target: DeviceID?
      if let device { target = try await options.registryClient().device(device) }
      let progress = options.progress(file)
      defer { progress.finish() }
      let client = try options.client()
      let choices = ImageStoreClient.PushOptions(
        appName: name, appVersion: appVersion, idempotencyKey: idempotencyKey, signing: try signing())
      let pushed = try await untilInterrupted { [file, target] in
        try await client.push(file: file, to: target, options: choices) { progress.update($0, $1) }
      }
      progress.finish()
      if options.json {
        try printJSON(pushed)
      } else {
        print(pushed.text)
      }
      if !options.json {
        for warning in pushed.warnings ?? [] { print("warning: \(PlainText.escaped(warning))") }
        print(pushed.buildID.map { "build ID \($0)" } ?? "no build ID: link with --build-id=sha1 to find crash lines")
      }
      if wait, let target, let version = pushed.version { try await follow(version, of: target) }
    }
  }

  private func follow(_ version: UInt64, of device: DeviceID) async throws {
    let watch = DeploymentWatch(try options.registryClient(), device: device, version: version)
    let (limit, isJSON) = (try Self.timeoutType.parse(timeout), options.json)
    // Signals have been trapped once, so they would no longer end the process by themselves.
    try await untilInterrupted {
      try await watch.follow(within: limit) { stage in
        // A stage may hold the device's own words. What programs read is JSON alone.
        let line = PlainText.escaped("\(stage)") + "\n"
        if isJSON { StandardError.write(line) } else { StandardOutput.write(line) }
      }
    }
  }

  private func signing() throws -> AppSigning? {
    if let headers { return try AppSigning(headersFile: headers) }
    guard let signKey else { return nil }
    return try AppSigning(
      file: file, statement: .init(name: name ?? "", version: appVersion ?? "", securityEpoch: epoch ?? 0),
      keyFile: signKey)
  }

  private func pushDebugModule() async throws {
    try await runAdmin {
      let progress = options.progress(file)
      defer { progress.finish() }
      let pushed = try await options.client().pushDebugModule(file: file) { progress.update($0, $1) }
      progress.finish()
      if options.json {
        try printJSON(pushed)
      } else {
        print(pushed.text)
      }
    }
  }
}
