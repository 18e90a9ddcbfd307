internal import Glibc

/// Where the engine's library is.
package enum EngineLocation {
  /// As the agent's environment says.
  static var ofThisProcess: String { path(explicit: getenv("XTBLISH_ENGINE").map { String(cString: $0) }) }

  /// `explicit` (the setting XTBLISH_ENGINE) if it is given, else `libwasmtime.so` beside the running executable,
  /// else /usr/lib/xtblish/libwasmtime.so.
  package static func path(explicit: String?) -> String {
    if let explicit, !explicit.isEmpty { return explicit }
    if let folder = executableFolder() {
      let beside = "\(folder)/libwasmtime.so"
      if access(beside, R_OK) == 0 { return beside }
    }
    return "/usr/lib/xtblish/libwasmtime.so"
  }

  private static func executableFolder() -> String? {
    var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
    let count = readlink("/proc/self/exe", &buffer, buffer.count)
    guard count > 0 else { return nil }
    let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return path.lastIndex(of: "/").map { String(path[..<$0]) }
  }
}
