import ArgumentParser
import Foundation
import ImageStoreCore
import ServiceKit

/// The options of the commands that move images over HTTP.
struct TransferOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The image store's URL.",
      discussion: "Otherwise taken from the environment: XTBLISH_IMAGE_STORE_URL.", valueName: "http://host:port"))
  var url: String?

  @Flag(help: "Print JSON for programs instead of text for people.")
  var json = false

  var client: ImageStoreClient {
    let fromEnvironment = ProcessInfo.processInfo.environment["XTBLISH_IMAGE_STORE_URL"] ?? ""
    return ImageStoreClient(
      url: url ?? (fromEnvironment.isEmpty ? "http://127.0.0.1:7121" : fromEnvironment))
  }

  /// A bar that appears with the first progress, when the length is known.
  func progress(_ label: String) -> TransferProgress { TransferProgress(label) }
}
