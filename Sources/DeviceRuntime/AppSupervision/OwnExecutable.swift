package import AppLink
internal import Glibc

/// Apps run in this same program, started again; by the name it was started with it might not be found.
package enum OwnExecutable {
  /// The path of this program's file, from `/proc/self/exe`.
  package static func path() throws(AppLaunchError) -> String {
    guard let path = realpath("/proc/self/exe", nil) else {
      throw AppLaunchError("can't find this program's own file: \(String(cString: strerror(errno)))")
    }
    defer { free(path) }
    return String(cString: path)
  }
}
