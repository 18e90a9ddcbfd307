import ArgumentParser
import ImageStoreCore
import ServiceKit

struct ListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the stored images by digest.")

  @OptionGroup var options: AdminOptions

  func run() async throws {
    try await runAdmin {
      let images = try await options.withClient(of: ImageStoreCommand.self) { client in
        try await StoredImageView.all(client, deadline: options.deadline)
      }
      if options.json {
        try printJSON(images)
      } else {
        var table = Table(["DIGEST", "SIZE", "STORED"], rightAligned: [1])
        for image in images { table.add([image.digest, HumanText.bytes(Int(clamping: image.size)), image.age]) }
        StandardOutput.write(table.text)
      }
    }
  }
}
