import Glibc
import Synchronization

/// A mosquitto broker of the tests' own, on a free loopback port. It keeps sessions and queued messages on disk.
package final class MosquittoServer: Sendable {
  package let port: Int
  package let host = "127.0.0.1"

  private let freePort: FreePort
  private let folder: TemporaryFolder
  private let process = Mutex<ChildProcess?>(nil)

  /// Starts a broker that lets everybody in.
  ///
  /// - Parameters:
  ///   - prologue: lines that come before its own listener in the configuration file.
  ///   - configuration: more lines after it.
  package init(prologue: String = "", configuration: String = "") async throws {
    freePort = try FreePort()
    port = freePort.number
    folder = try TemporaryFolder("xtblish-mosquitto")
    // The broker drops root's rights unless told otherwise, and could not enter the folder then.
    try writeFile(
      folder.path("mosquitto.conf"),
      """
      \(prologue)
      listener \(port) 127.0.0.1
      allow_anonymous true
      user \(getuid() == 0 ? "root" : "mosquitto")
      persistence true
      persistence_location \(folder.path)/
      autosave_on_changes true
      autosave_interval 1
      max_queued_messages 0
      log_dest stderr
      log_type all
      connection_messages true
      set_tcp_nodelay true
      \(configuration)

      """)
    try await start()
  }

  package var isRunning: Bool { process.withLock { $0?.isRunning ?? false } }
  package var processIdentifier: Int32? { process.withLock { $0?.processIdentifier } }

  /// What it has logged since it was last started.
  package var log: String { process.withLock { $0?.output ?? "" } }

  /// Starts the stopped broker on the port it had, and waits until it accepts connections.
  package func start() async throws {
    if isRunning { return }
    let child = try ChildProcess(Self.executable, ["-c", folder.path("mosquitto.conf")], ownFolders: [folder.path])
    process.withLock { $0 = child }
    try await eventually("a connection to mosquitto on port \(port)") {
      if let ending = child.ending { throw TestFailure("mosquitto ended with \(ending):\n\(child.output)") }
      return (try? RawTCPClient(port: port)) != nil
    }
  }

  /// Ends it orderly: it saves its sessions first.
  package func stop() async throws {
    try await end(SIGTERM)
  }

  /// Ends it as a crash would.
  package func kill() async throws {
    try await end(SIGKILL)
  }

  package func restart() async throws {
    try await stop()
    try await start()
  }

  private func end(_ signal: Int32) async throws {
    guard let child = process.withLock({ $0 }) else { return }
    child.kill(signal)
    try await child.waitForExit()
  }

  private static var executable: String {
    access("/usr/sbin/mosquitto", X_OK) == 0 ? "/usr/sbin/mosquitto" : "mosquitto"
  }
}
