import Glibc

/// Where an agent answers its admin commands: a socket in its directory.
package struct AgentAddress: Sendable, Equatable {
  /// Why the directory can't hold the sockets.
  package struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String
  }

  /// The longest path of a device's directory: the kernel allows a socket's path 107 bytes, and the apps' sockets lie
  /// one folder deeper than the agent's.
  static let maximumDirectoryBytes = 75

  /// Where the agent answers, as libzmq wants it: `ipc://` and a path.
  package let endpoint: String
  /// The folder of the commands' keys.
  package let keyFolder: String
  /// The folder of the sockets between agent and apps.
  package let appDirectory: String

  /// - Parameter directory: the device's; it must be there already.
  package init(directory: String) throws(Problem) {
    // The same socket whatever folder the command is run in.
    guard let resolved = realpath(directory, nil) else {
      throw Problem(
        description: "can't find \(directory): \(String(cString: strerror(errno))); name the device's with --directory")
    }
    defer { free(resolved) }
    let path = String(cString: resolved)
    guard path.utf8.count <= Self.maximumDirectoryBytes else {
      throw Problem(
        description: """
          \(path) has \(path.utf8.count) bytes, too many for the sockets in it; choose a --directory whose path has \
          at most \(Self.maximumDirectoryBytes)
          """)
    }
    endpoint = "ipc://\(path)/agent.ipc"
    keyFolder = "\(path)/bus"
    appDirectory = "\(path)/run"
  }

  /// Where the keys for an agent at `endpoint` are; nil if that is no socket in a directory.
  package static func keyFolder(ofEndpoint endpoint: String) -> String? {
    guard endpoint.hasPrefix("ipc://"), let slash = endpoint.lastIndex(of: "/") else { return nil }
    return endpoint[..<slash].dropFirst("ipc://".count) + "/bus"
  }
}
