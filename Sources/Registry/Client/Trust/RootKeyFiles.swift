import FirmwareImage
import Glibc
import ServiceKit

/// The files of the root keys, as `root init` makes them.
package enum RootKeyFiles {
  /// Makes new root keys in a folder that its owner alone may enter: for each a private file, and a public one that
  /// ends in `.pub`.
  ///
  /// - Returns: the paths of the private keys, `root-1.key` and so on.
  package static func create(_ count: Int, in folder: String) throws -> [String] {
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
      throw AdminError("\(folder) can't be made: \(String(cString: strerror(errno)))", status: .data)
    }
    return try (1...count).map { number in
      let path = "\(folder)/root-\(number).key"
      try SigningKeyFile.create(path)
      return path
    }
  }
}
