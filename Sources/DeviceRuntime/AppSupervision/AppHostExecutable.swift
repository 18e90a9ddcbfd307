package import AppLink
import Glibc

/// The program that an app's process runs.
package enum AppHostExecutable {
  /// Its file's name.
  package static let name = "xtblish-app-host"

  /// Its path: beside the file of the program that asks.
  ///
  /// To be called before there is an app to start, so that a device on which it was forgotten says so at once.
  package static func besideThisProgram() throws(AppLaunchError) -> String {
    guard let path = realpath("/proc/self/exe", nil) else {
      throw AppLaunchError("can't find this program's own file: \(String(cString: strerror(errno)))")
    }
    defer { free(path) }
    return try beside(String(cString: path))
  }

  static func beside(_ program: String) throws(AppLaunchError) -> String {
    let folder = program[..<(program.lastIndex(of: "/") ?? program.startIndex)]
    let path = "\(folder)/\(name)"
    guard access(path, X_OK) == 0 else {
      throw AppLaunchError(
        "can't run \(path), the program that runs apps: \(String(cString: strerror(errno))); install it of the same "
          + "release beside \(program)")
    }
    return path
  }
}
