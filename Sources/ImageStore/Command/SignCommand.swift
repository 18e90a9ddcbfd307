import ArgumentParser
import Foundation
import ImageStoreClient
import ServiceKit

struct SignCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Sign a .wasm as its publisher; needs no service.",
    discussion: """
      Writes the headers that go with the upload beside the file, one a line: push them with push --headers FILE, or \
      with curl --header @FILE.
      """)

  @Argument(help: "The .wasm.", completion: .file(extensions: ["wasm"]))
  var file: String

  @Option(help: ArgumentHelp("The publisher's private key, made by keygen.", valueName: "file"))
  var key: String

  @Option(help: "The app's name, at most 32 bytes; the key must be delegated for it.")
  var name = ""

  // Not --version, which every command answers with the program's own.
  @Option(help: "The app's version, at most 32 bytes.")
  var appVersion = ""

  @Option(help: "The app's security epoch: devices that confirmed a higher one refuse it.")
  var epoch: UInt32 = 0

  @Option(help: ArgumentHelp("Where the headers go; FILE.headers otherwise.", valueName: "file"))
  var out: String?

  @Flag(help: "Print JSON for programs instead of text for people.")
  var json = false

  func run() async throws {
    try await runAdmin {
      let signing = try AppSigning(
        file: file, statement: .init(name: name, version: appVersion, securityEpoch: epoch), keyFile: key)
      let path = out ?? "\(file).headers"
      do {
        try Data(signing.text.utf8).write(to: URL(filePath: path), options: .atomic)
      } catch {
        throw AdminError("\(path) can't be written; check the path and its rights", status: .data)
      }
      if json { try printJSON(["headers": path]) } else { print("signed; the headers are in \(path)") }
    }
  }
}
