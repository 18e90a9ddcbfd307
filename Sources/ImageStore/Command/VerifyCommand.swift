import ArgumentParser
import ImageStoreClient
import ServiceKit

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Read images again and compare them with their digests.",
    discussion: "Ends with 65 if one is damaged. Uploading a damaged image again repairs it.")

  @Argument(help: "sha256:…, or the beginning of one; several are possible.")
  var digests: [String] = []

  @Flag(help: "All images of the store.")
  var all = false

  @OptionGroup var options: AdminOptions

  func run() async throws {
    try await runAdmin {
      guard all == digests.isEmpty else { throw AdminError("name digests, or --all", status: .usage) }
      let verdicts = try await options.withClient(of: ImageStoreCommand.self) { client in
        var wanted = all ? try await StoredImageView.digests(client, deadline: options.deadline) : []
        for text in digests {
          wanted.append(try await AdminArguments.digest(text, client, deadline: options.deadline))
        }
        var verdicts: [ImageVerdictView] = []
        for digest in wanted {
          let verdict = try await ImageVerdictView.verify(digest, client, deadline: options.deadline)
          if !options.json {
            print("\(verdict.digest)  \(verdict.intact ? "intact" : "DAMAGED, is \(verdict.actual)")")
          }
          verdicts.append(verdict)
        }
        return verdicts
      }
      if options.json { try printJSON(verdicts) }
      let damaged = verdicts.count { !$0.intact }
      if damaged > 0 {
        throw AdminError(
          "\(damaged) of \(verdicts.count) images are damaged; upload them again to repair them", status: .data)
      }
    }
  }
}
