import ArgumentParser
import FirmwareImage
import Foundations
import ServiceKit

struct KeygenCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "keygen", abstract: "Make a publisher's key.",
    discussion: """
      The private key stays with whoever builds the app; the public one, in the file with .pub after the name, goes to \
      whoever keeps the root keys: xtblish-registry root update --add-publisher FILE --app NAME.
      """)

  @Option(help: ArgumentHelp("Where the private key goes; its file must not exist.", valueName: "file"))
  var out: String

  @Flag(help: "Print JSON for programs instead of text for people.")
  var json = false

  func run() async throws {
    try await runAdmin {
      let key: TrustedKey
      do throws(SigningKeyError) { key = try SigningKeyFile.create(out) } catch {
        throw AdminError(error.description, status: .data)
      }
      let publicFile = SigningKeyFile.publicPath(of: out)
      if json {
        try printJSON([
          "keyID": key.id.description, "publicKey": Hexadecimal.encode(key.bytes), "publicFile": publicFile,
        ])
      } else {
        print("key \(key.id); its public half is in \(publicFile)")
      }
    }
  }
}
