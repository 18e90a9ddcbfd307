import ArgumentParser
import ImageStoreClient
import ServiceKit
import TextFormats

struct ListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the stored images by digest.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var list: ListOptions

  func run() async throws {
    try await runAdmin {
      let most = list.most(json: options.json)
      let (images, hasMore) = try await options.withClient(of: ImageStoreCommand.self) { client in
        try await StoredImageView.list(client, limit: most, deadline: options.deadline)
      }
      if options.json {
        try printJSON(images)
      } else {
        var table = Table([("DIGEST", .cut), ("SIZE", .always), ("STORED", .always)], rightAligned: [1])
        for image in images { table.add([image.digest, HumanText.bytes(Int(clamping: image.size)), image.age]) }
        StandardOutput.write(table.text(columns: list.table.columns))
      }
      list.tell(hasMore: hasMore)
    }
  }
}
