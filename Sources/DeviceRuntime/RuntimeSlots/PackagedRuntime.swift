import Foundations
import Glibc
package import RuntimeBundle

/// The runtime that the operating system's package brought: it is always there, and what a device starts when nothing else
/// can be started.
package enum PackagedRuntime {
  /// The file that says which version it is, beside its programs.
  package static let versionFile = "version"

  /// Names the folder of the packaged runtime to the one that is started, which may be another.
  package static let folderVariable = "XTBLISH_PACKAGE_FOLDER"

  /// The version of the runtime in that folder; `none` if it does not say.
  package static func version(in folder: String) -> RuntimeVersion {
    guard let bytes = try? SmallFile.contents(of: "\(folder)/\(versionFile)", .anybody, maximumBytes: 64) else {
      return .none
    }
    return RuntimeVersion(String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)) ?? .none
  }

  /// The folder of this program's own file; nil if it can't be found.
  package static func ownFolder() -> String? {
    path("/proc/self/exe").flatMap { text in text.lastIndex(of: "/").map { String(text[..<$0]) } }
  }

  /// Where a path leads to, links followed; nil if there is nothing.
  package static func path(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }

  /// This machine's processor, as `uname -m` names it.
  package static func architecture() -> String {
    var names = utsname()
    guard uname(&names) == 0 else { return "unknown" }
    return withUnsafeBytes(of: &names.machine) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }
}
