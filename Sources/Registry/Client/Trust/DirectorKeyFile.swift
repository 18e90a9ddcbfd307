import FirmwareImage
import Glibc
import ServiceKit

/// The files of the director's keys, as `director create` makes them for a Registry that can't write its own folder.
package enum DirectorKeyFile {
  /// Makes a key in a folder that its owner alone may enter.
  ///
  /// - Parameter ifMissing: do nothing, and return nil, if there is a key already.
  /// - Returns: the key's ID, and the path of its file, which is named by it.
  package static func create(in folder: String, ifMissing: Bool) throws -> (id: String, path: String)? {
    guard mkdir(folder, 0o700) == 0 || errno == EEXIST else {
      throw AdminError("\(folder) can't be made: \(String(cString: strerror(errno)))", status: .data)
    }
    if ifMissing, try hasKey(folder) { return nil }
    do throws(SigningKeyError) {
      let (key, trusted) = try SigningKeyFile.make()
      let path = "\(folder)/\(trusted.id).key"
      try SigningKeyFile.save(key, to: path)
      return (trusted.id.description, path)
    } catch {
      throw AdminError(error.description, status: .data)
    }
  }

  private static func hasKey(_ folder: String) throws -> Bool {
    guard let entries = opendir(folder) else {
      throw AdminError("\(folder) can't be read: \(String(cString: strerror(errno)))", status: .data)
    }
    defer { closedir(entries) }
    while let entry = readdir(entries) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasSuffix(".key") { return true }
    }
    return false
  }
}
