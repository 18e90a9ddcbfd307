import ArgumentParser
import Foundation
import Foundations
import ImageStoreClient
import RegistryClient
import ServiceKit
import TextFormats

/// The options of the commands that move images over HTTP.
struct TransferOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The image store's URL.",
      discussion: "Otherwise taken from the environment: XTBLISH_IMAGE_STORE_URL.", valueName: "https://host:port"))
  var url: String?

  @Option(
    help: ArgumentHelp(
      "The Registry's URL, which knows devices by their names.",
      discussion: "Otherwise taken from the environment: XTBLISH_REGISTRY_URL.", valueName: "https://host:port"))
  var registry: String?

  @OptionGroup var credentials: HTTPCredentialOptions

  @Flag(help: "Print JSON for programs instead of text for people.")
  var json = false

  func client() throws -> ImageStoreClient {
    let credentials = try credentials.credentials()
    let fromEnvironment = ProcessInfo.processInfo.environment["XTBLISH_IMAGE_STORE_URL"] ?? ""
    let usual = credentials.caFile == nil ? "http://127.0.0.1:7121" : "https://127.0.0.1:7121"
    return try ImageStoreClient(
      url: url ?? (fromEnvironment.isEmpty ? usual : fromEnvironment), credentials: credentials)
  }

  func registryClient() throws -> RegistryHTTPClient {
    try RegistryHTTPClient(url: registry, credentials: try credentials.credentials())
  }

  /// What to pull, where a device may be named as people do.
  func target(_ text: String) async throws -> PullTarget {
    if let target = PullTarget(text) { return target }
    guard !text.hasPrefix("sha256:") else {
      throw AdminError(
        "\(PlainText.escaped(text)) is no whole digest, which has 64 digits from 0 to f: xtblish-image-store stat shows it "
          + "for its beginning", status: .data)
    }
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    let device = try await registryClient().device(String(parts[0]))
    return try AdminArguments.target(([device.description] + parts.dropFirst().map(String.init)).joined(separator: "/"))
  }

  /// A bar that appears with the first progress, when the length is known.
  func progress(_ label: String) -> TransferProgress { TransferProgress(label) }
}
