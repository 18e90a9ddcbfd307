import Foundations
import Glibc

/// Where `enroll` finds the secret of a claim.
package enum ClaimToken {
  /// No claim was given, or it can't be read; `description` says what to do.
  package struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String
  }

  /// The environment variable that is read if the command line names no claim.
  package static let environmentName = "XTBLISH_CLAIM"
  private static let maximumBytes = 4096

  /// The claim's token: from the command line, else from a file, else from the environment.
  ///
  /// - Parameters:
  ///   - argument: of `--claim`, which every user of the machine can see in the list of processes.
  ///   - file: of `--claim-file`; `-` is the standard input.
  package static func find(
    argument: String?, file: String?, environment: [String: String]
  ) throws(Problem) -> String {
    let text: String
    if let argument {
      text = argument
    } else if let file {
      text = try read(file)
    } else if let value = environment[environmentName] {
      text = value
    } else {
      throw Problem(
        description: "no claim: put its token into \(environmentName), or into a file and name that with --claim-file")
    }
    let token = text.split(whereSeparator: \.isWhitespace)
    guard token.count == 1 else {
      throw Problem(description: "the claim is not one word; it was printed by claim create")
    }
    return String(token[0])
  }

  private static func read(_ path: String) throws(Problem) -> String {
    let descriptor = path == "-" ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Problem(description: "can't open \(path): \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: maximumBytes)
    while bytes.count <= maximumBytes {
      let count = piece.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw Problem(description: "can't read \(path): \(String(cString: strerror(errno)))") }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += piece.prefix(count)
    }
    throw Problem(description: "\(path) is too long for a claim's token")
  }
}
