import Glibc

/// Operations on directories that the store needs. All of them block.
enum Directory {
  /// Makes the directory and its parents, each durable before the next is used.
  static func create(_ path: String) throws(FileError) {
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
  static func create(allOf paths: [String], in parent: String) throws(FileError) {
    var areNew = false
    for path in paths {
      if mkdir(path, 0o755) == 0 { areNew = true } else if errno != EEXIST { throw .last("mkdir", path) }
    }
    if areNew { try sync(parent) }
  }

  /// The names in a directory, unsorted, without `.` and `..`; nil if there is no such directory.
  static func names(in path: String) throws(FileError) -> [String]? {
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

  static func sync(_ path: String) throws(FileError) {
    try OpenFile(path, O_RDONLY | O_DIRECTORY).sync()
  }

  /// Puts a file in another's place, or where none was, in one step.
  static func rename(_ source: String, to destination: String) throws(FileError) {
    guard Glibc.rename(source, destination) == 0 else { throw .last("rename", destination) }
  }

  static func remove(_ path: String) throws(FileError) {
    guard unlink(path) == 0 else { throw .last("unlink", path) }
  }

  static func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }
}
