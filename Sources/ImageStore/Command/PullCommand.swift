import ArgumentParser
import ImageStoreClient
import ServiceKit
import TextFormats

struct PullCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pull", abstract: "Fetch a .wasm by its digest, or a device's whole image, and verify it.",
    discussion: "An interrupted pull goes on where it ended when it is repeated with the same output.")

  @Argument(
    help: "sha256:…, a device (its name, ID, or the beginning of either), or DEVICE/VERSION.",
    completion: DeviceCompletion.kind)
  var what: String

  @Option(name: .shortAndLong, help: "The file to write.", completion: .file())
  var output: String

  @OptionGroup var options: TransferOptions

  func run() async throws {
    try await runAdmin {
      let target = try await options.target(what)
      let progress = options.progress(what)
      defer { progress.finish() }
      let pulled = try await options.client().pull(target, to: output) { progress.update($0, $1) }
      progress.finish()
      if options.json {
        try printJSON(pulled)
      } else {
        let version = pulled.version.map { ", version \($0)" } ?? ""
        print(
          "\(pulled.path): \(HumanText.bytes(Int(clamping: pulled.size)))\(version), wasm \(pulled.digest), verified")
      }
    }
  }
}
