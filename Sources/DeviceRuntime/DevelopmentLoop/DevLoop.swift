import AppLink
import AppSupervision
import Dispatch
import Glibc

/// The developer's loop with all it needs of the system.
package enum DevLoop {
  /// Works until SIGINT, SIGTERM or the command "quit", and leaves nothing behind but the app's stored values and its
  /// compiled code.
  ///
  /// - Parameters:
  ///   - executable: this program, to start the app's process from.
  ///   - commands: a file of commands; nil: the standard input.
  package static func run(
    _ configuration: DevConfiguration, executable: String, console: DevConsole, commands: String?
  ) async throws {
    let runDirectory = try makeRunDirectory()
    defer { removeFolder(runDirectory) }
    let launcher = try ProcessAppLauncher(executable: executable, directory: "\(runDirectory)/ipc")
    let session = try DevSession(configuration, launcher: launcher, runDirectory: runDirectory, console: console)
    let lines = try DevInput.lines(of: commands)
    let task = Task { try await session.run(commands: lines) }
    let signals = [SIGINT, SIGTERM].map { number in
      signal(number, SIG_IGN)
      let source = DispatchSource.makeSignalSource(signal: number, queue: DispatchQueue(label: "signals"))
      source.setEventHandler { task.cancel() }
      source.resume()
      return source
    }
    defer { signals.forEach { $0.cancel() } }
    try await task.value
  }

  /// Short, because the kernel allows a socket's path 107 bytes.
  private static func makeRunDirectory() throws(AppLaunchError) -> String {
    var template = Array("/tmp/xtblish-dev.XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else {
      throw AppLaunchError("can't make a folder in /tmp: \(String(cString: strerror(errno)))")
    }
    return template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
  }

  /// Removes the folder with its files and its one folder of sockets.
  private static func removeFolder(_ path: String) {
    for folder in ["\(path)/ipc", path] {
      guard let stream = opendir(folder) else { continue }
      while let entry = readdir(stream) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
          pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name != ".", name != ".." { unlink("\(folder)/\(name)") }
      }
      closedir(stream)
      rmdir(folder)
    }
  }
}
