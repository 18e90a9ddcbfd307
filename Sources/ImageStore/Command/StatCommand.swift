import ArgumentParser
import ImageStoreClient
import ServiceKit

struct StatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "stat", abstract: "Show what is known of one image.")

  @Argument(help: "sha256:…, or the beginning of one.")
  var digest: String

  @OptionGroup var options: AdminOptions

  func run() async throws {
    try await runAdmin {
      let image = try await options.withClient(of: ImageStoreCommand.self) { client in
        let digest = try await AdminArguments.digest(digest, client, deadline: options.deadline)
        return try await StoredImageView.one(digest, client, deadline: options.deadline)
      }
      if options.json {
        try printJSON(image)
      } else {
        print("digest  \(image.digest)\nsize    \(image.size) bytes\nstored  \(image.age)")
      }
    }
  }
}
