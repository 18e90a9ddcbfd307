import Glibc

/// Where the engine's library, `libwasmtime.so`, is looked for.
package enum EngineLocation {
  /// The path that the environment variable XTBLISH_ENGINE gives, or the usual one: see ``path(explicit:)``.
  package static var ofThisProcess: String {
    path(explicit: unsafe getenv("XTBLISH_ENGINE").map { unsafe String(cString: $0) })
  }

  /// `explicit` (the setting XTBLISH_ENGINE) if it is given, else `libwasmtime.so` beside the running executable,
  /// else /usr/lib/xtblish/libwasmtime.so.
  package static func path(explicit: String?) -> String {
    if let explicit, !explicit.isEmpty { return explicit }
    if let folder = executableFolder() {
      let beside = "\(folder)/libwasmtime.so"
      if unsafe access(beside, R_OK) == 0 { return beside }
    }
    return "/usr/lib/xtblish/libwasmtime.so"
  }

  private static func executableFolder() -> String? {
    guard let path = unsafe realpath("/proc/self/exe", nil) else { return nil }
    defer { unsafe free(path) }
    let text = unsafe String(cString: path)
    return text.lastIndex(of: "/").map { String(text[..<$0]) }
  }
}
