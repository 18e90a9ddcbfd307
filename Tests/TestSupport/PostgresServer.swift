import Glibc
import Synchronization

/// A PostgreSQL cluster of the tests' own, on a free loopback port.
package final class PostgresServer: Sendable {
  package let port: Int
  /// Databases are made by, and belong to, this role. It needs no password.
  package static let user = "postgres"

  private let freePort: FreePort
  private let folder: TemporaryFolder
  private let process = Mutex<ChildProcess?>(nil)
  private let settings: [String]

  private static let sharedServer = SharedPostgresServer()

  /// The cluster that all tests of this process share. It is made when first asked for, and ends with the process.
  /// Tests that stop or kill a server make one of their own instead.
  package static func shared() async throws -> PostgresServer {
    try await sharedServer.server()
  }

  /// A new cluster, started. Takes about two seconds.
  ///
  /// - Parameter settings: beside the usual ones, such as `max_connections=8`.
  package convenience init(settings: [String] = []) async throws {
    try await self.init(settings: settings) { data in
      Self.command(
        "initdb",
        ["-D", data, "-A", "trust", "-U", Self.user, "-E", "UTF8", "--locale=C", "--no-sync", "--no-instructions"])
    }
  }

  /// A copy of another cluster that follows what happens there, until it is promoted.
  package convenience init(standbyOf primary: PostgresServer) async throws {
    try await self.init(settings: primary.settings) { data in
      Self.command(
        "pg_basebackup",
        [
          "-D", data, "-h", "127.0.0.1", "-p", String(primary.port), "-U", Self.user, "-R", "-X", "stream",
          "--checkpoint=fast", "--no-sync",
        ])
    }
  }

  /// - Parameter make: the command that fills the folder of data, an empty one.
  private init(settings: [String], _ make: (_ data: String) -> [String]) async throws {
    freePort = try FreePort()
    port = freePort.number
    self.settings = settings
    folder = try TemporaryFolder("xtblish-postgres")
    chmod(folder.path, TemporaryFolder.permissionsForOthers)
    let data = folder.path("data")
    let sockets = folder.path("sockets")
    mkdir(data, 0o700)
    mkdir(sockets, 0o777)
    if getuid() == 0 { try Self.giveToServerUser([data, sockets]) }
    let command = make(data)
    try await runProgram(command[0], Array(command.dropFirst()))
    try await start()
  }

  /// Makes a standby take changes. Returns when it does.
  package func promote() async throws {
    try await execute("select pg_promote(true, 60)")
    try await eventually("the end of recovery of PostgreSQL on port \(port)") {
      try await execute("select pg_is_in_recovery()").hasPrefix("f")
    }
  }

  /// Lets it take changes, or none, from all sessions that don't say otherwise.
  package func setReadOnly(_ isReadOnly: Bool) async throws {
    try await execute("alter system set default_transaction_read_only = \(isReadOnly ? "on" : "off")")
    try await execute("select pg_reload_conf()")
    try await eventually("the changed setting of PostgreSQL on port \(port)") {
      try await execute("show default_transaction_read_only").hasPrefix(isReadOnly ? "on" : "off")
    }
  }

  /// Where clients connect to, for example `postgresql://postgres@127.0.0.1:21543/t4711`.
  package func url(database: String = "postgres") -> String {
    "postgresql://\(Self.user)@127.0.0.1:\(port)/\(database)"
  }

  package var isRunning: Bool { process.withLock { $0?.isRunning ?? false } }

  /// The process id of the server's first process.
  package var processIdentifier: Int32? { process.withLock { $0?.processIdentifier } }

  /// What the server has written to its log.
  package var log: String { process.withLock { $0?.output ?? "" } }

  /// A new, empty database with a name of its own. Returns its URL.
  package func createDatabase() async throws -> String {
    let name = "t\(UInt64.random(in: 0 ... .max))"
    try await execute("create database \(name)")
    return url(database: name)
  }

  /// Runs statements with psql, and returns its unaligned output without headers.
  @discardableResult
  package func execute(_ sql: String, database: String = "postgres") async throws -> String {
    try await runProgram(
      Self.binary("psql"), ["-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-c", sql, url(database: database)])
  }

  /// Starts the stopped server on the port it had, and waits until it answers.
  package func start() async throws {
    if isRunning { return }
    // Without a name the statistics and autovacuum would only add load to a machine that runs many tests.
    let command = Self.command(
      "postgres",
      [
        "-D", folder.path("data"), "-p", String(port), "-k", folder.path("sockets"),
        "-c", "listen_addresses=127.0.0.1", "-c", "max_connections=400", "-c", "shared_buffers=32MB",
        // A killed server process is something these tests do; losing the machine's power is not.
        "-c", "fsync=off", "-c", "synchronous_commit=on", "-c", "log_min_messages=warning",
        "-c", "autovacuum_naptime=1d",
      ] + settings.flatMap { ["-c", $0] })
    let child = try ChildProcess(
      command[0], Array(command.dropFirst()), endingSignal: SIGQUIT, ownFolders: [folder.path])
    process.withLock { $0 = child }
    try await eventually("a connection to PostgreSQL on port \(port)") {
      if let ending = child.ending {
        throw TestFailure("PostgreSQL ended with \(ending):\n\(child.output)")
      }
      let probe = try ChildProcess(Self.binary("pg_isready"), ["-q", "-h", "127.0.0.1", "-p", String(port)])
      return try await probe.waitForExit() == .exited(0)
    }
  }

  /// Ends it orderly, without waiting for its clients.
  package func stop() async throws {
    try await end(SIGINT)
  }

  /// Kills the first process, as a crash would. The others notice and end too.
  package func kill() async throws {
    try await end(SIGKILL)
    // Recovery would refuse to start while a process of the old server still holds the shared memory.
    try await eventually("the end of the killed server's processes") {
      (try? await runProgram("pgrep", ["-f", folder.path("data")])) == nil
    }
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

  /// The server refuses to run as root, and then runs as the user that its package made.
  private static func command(_ name: String, _ arguments: [String]) -> [String] {
    let command = [binary(name)] + arguments
    if getuid() != 0 { return command }
    // Unlike runuser and su this becomes the command, so that the process id is the server's.
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] + command
  }

  private static func giveToServerUser(_ paths: [String]) throws {
    guard let entry = getpwnam("postgres") else {
      throw TestFailure("there is no user postgres to run the server as; install the package postgresql")
    }
    for path in paths { chown(path, entry.pointee.pw_uid, entry.pointee.pw_gid) }
  }

  /// Debian keeps the server's programs out of `PATH`; the newest version is taken.
  private static func binary(_ name: String) -> String {
    for version in (13...20).reversed() {
      let path = "/usr/lib/postgresql/\(version)/bin/\(name)"
      if access(path, X_OK) == 0 { return path }
    }
    return name
  }
}

/// Makes the shared server once, also when many tests ask at the same time.
private actor SharedPostgresServer {
  private var making: Task<PostgresServer, any Error>?

  func server() async throws -> PostgresServer {
    let task = making ?? Task { try await PostgresServer() }
    making = task
    return try await task.value
  }
}
