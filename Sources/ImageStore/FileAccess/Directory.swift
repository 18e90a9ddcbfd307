import Glibc

/// Operations on directories, and on the names in them, whose effects can be made durable. All of them block.
package enum Directory {
  /// Makes the directory and its parents, each durable before the next is used.
  package static func create(_ path: String) throws(FileError) {
    if mkdir(path, 0o755) == 0 {
      try sync(parent(of: path))
      return
    }
    switch errno {
    case EEXIST:
      var status = stat()
      guard stat(path, &status) == 0 else { throw .last("stat", path) }
      guard status.st_mode & S_IFMT == S_IFDIR else { throw FileError(call: "mkdir", path: path, errno: ENOTDIR) }
    case ENOENT where parent(of: path) != path:
      try create(parent(of: path))
      try create(path)
    default:
      throw .last("mkdir", path)
    }
  }

  /// Makes directories of a directory that is there, together durable.
  package static func create(allOf paths: [String], in parent: String) throws(FileError) {
    var areNew = false
    for path in paths {
      if mkdir(path, 0o755) == 0 { areNew = true } else if errno != EEXIST { throw .last("mkdir", path) }
    }
    if areNew { try sync(parent) }
  }

  /// The names in a directory, unsorted, without `.` and `..`; nil if there is no such directory.
  package static func names(in path: String) throws(FileError) -> [String]? {
    guard let directory = opendir(path) else {
      if errno == ENOENT { return nil }
      throw .last("opendir", path)
    }
    defer { closedir(directory) }
    var names: [String] = []
    while true {
      // readdir tells an error from the end only by errno.
      errno = 0
      guard let entry = readdir(directory) else {
        if errno != 0 { throw .last("readdir", path) }
        return names
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) {
          String(cString: $0)
        }
      }
      if name != "." && name != ".." { names.append(name) }
    }
  }

  /// Makes the names in a directory outlive a power failure.
  package static func sync(_ path: String) throws(FileError) {
    try OpenFile(path, O_RDONLY | O_DIRECTORY).sync()
  }

  /// Puts a file in another's place, or where none was, in one step.
  package static func rename(_ source: String, to destination: String) throws(FileError) {
    guard Glibc.rename(source, destination) == 0 else { throw .last("rename", destination) }
  }

  /// Takes a file's name away.
  package static func remove(_ path: String) throws(FileError) {
    guard unlink(path) == 0 else { throw .last("unlink", path) }
  }

  /// The directory that a path's last name is in.
  package static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
