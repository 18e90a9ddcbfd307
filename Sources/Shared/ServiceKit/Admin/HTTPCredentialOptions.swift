package import ArgumentParser
import FoundationEssentials

/// The options of commands that speak to a service over HTTP.
package struct HTTPCredentialOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The roots in PEM that the server's certificate must lead to.",
      discussion: "Otherwise taken from the environment: XTBLISH_CA_FILE. Without it, those of the system.",
      valueName: "file"))
  package var caFile: String?

  @Option(
    help: ArgumentHelp(
      "The file with the API token.", discussion: "Otherwise taken from the environment: XTBLISH_TOKEN_FILE.",
      valueName: "file"))
  package var tokenFile: String?

  package init() {}

  /// Reads the files that the options, or else the environment, name.
  package func credentials(
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws -> HTTPCredentials {
    func named(_ option: String?, _ variable: String) -> String? {
      option ?? environment[variable].flatMap { $0.isEmpty ? nil : $0 }
    }
    return HTTPCredentials(
      caFile: named(caFile, "XTBLISH_CA_FILE"),
      token: try named(tokenFile, "XTBLISH_TOKEN_FILE").map(Self.token))
  }

  private static func token(inFile path: String) throws -> String {
    guard let version = FileVersion(path: path), let bytes = try? Data(contentsOf: URL(filePath: path)) else {
      throw AdminError(
        "the token file \(path) can't be read; check the path and its permissions", status: .configuration)
    }
    guard !version.isOpenToOthers else {
      throw AdminError(
        "every user of the machine may read the token in \(path): chmod 600 it", status: .configuration)
    }
    let text = String(decoding: bytes, as: UTF8.self).filter { !$0.isWhitespace }
    guard !text.isEmpty, text.utf8.count <= 512 else {
      throw AdminError(
        "\(path) holds no API token; make one with xtblish-registry token create NAME --scope SCOPE --out FILE",
        status: .configuration)
    }
    return text
  }
}

/// What a client of a service's HTTP trusts, and the `token` that it shows; nil: it shows none.
package struct HTTPCredentials: Sendable {
  /// The file with the roots that are trusted; nil: those of the system.
  package let caFile: String?
  package let token: String?

  package init(caFile: String? = nil, token: String? = nil) {
    self.caFile = caFile
    self.token = token
  }
}

extension HTTPCredentials: CustomStringConvertible, CustomReflectable {
  /// A text without the token, so that no message shows it.
  package var description: String { "roots \(caFile ?? "of the system"), \(token == nil ? "no" : "a") token" }
  package var customMirror: Mirror { Mirror(self, children: []) }
}
