import FirmwareImage
import Foundation
import Foundations
import Glibc
import PostgreSQL
import TestSupport
import Testing
import TextFormats

@testable import RegistryDomain
@testable import RegistryStorage

/// The executable, as operators and scripts use it.
@Suite(.seated) struct CommandTests {
  struct Service {
    let process: ChildProcess
    let endpoint: String
    let fixture: Fixture

    static func start() async throws -> Service {
      let url = try await PostgresServer.shared().createDatabase()
      let (http, rpc, operations) = (try FreePort(), try FreePort(), try FreePort())
      let process = try ChildProcess(
        product("xtblish-registry"), ["serve"],
        environment: [
          "XTBLISH_INSECURE": "true", "XTBLISH_DATABASE_URL": url,
          "XTBLISH_REGISTRY_HTTP_LISTEN": "127.0.0.1:\(http.number)",
          "XTBLISH_REGISTRY_RPC_LISTEN": "tcp://127.0.0.1:\(rpc.number)",
          "XTBLISH_REGISTRY_OPERATIONS_LISTEN": "127.0.0.1:\(operations.number)",
          "XTBLISH_NOTIFIER_ENDPOINTS": "tcp://127.0.0.1:1",
        ], inheritsEnvironment: false)
      let pool = try PostgresPool(url: url, maximumConnections: 2, logger: .quiet)
      return Service(
        process: process, endpoint: "tcp://127.0.0.1:\(rpc.number)",
        fixture: Fixture(url: url, pool: pool, store: RegistryStore(pool: pool)))
    }

    /// - Returns: the exit code and everything printed.
    func run(_ arguments: String...) async throws -> (status: ProcessEnding, output: String) {
      try await run(arguments)
    }

    func run(
      _ arguments: [String], environment: [String: String] = [:]
    ) async throws -> (status: ProcessEnding, output: String) {
      let child = try ChildProcess(
        product("xtblish-registry"), arguments,
        environment: environment.merging(
          ["XTBLISH_INSECURE": "true", "XTBLISH_REGISTRY_ENDPOINTS": endpoint]) { $1 },
        inheritsEnvironment: false)
      return (try await child.waitForExit(), child.output)
    }

    /// Runs a command at a terminal, types a line, and returns everything printed.
    func type(_ line: String, to arguments: String...) async throws -> String {
      let words = try ([product("xtblish-registry")] + arguments).map { "'\($0)'" }.joined(separator: " ")
      let child = try ChildProcess(
        "/bin/sh", ["-c", #"printf '%s\n' "$1" | script -qec "$2" /dev/null"#, "sh", line, words],
        environment: [
          "XTBLISH_INSECURE": "true", "XTBLISH_REGISTRY_ENDPOINTS": endpoint, "PATH": "/usr/bin:/bin", "COLUMNS": "300",
        ], inheritsEnvironment: false)
      _ = try await child.waitForExit()
      return child.output
    }
  }

  @Test func commandsOfAnOperator() async throws {
    let service = try await Service.start()
    try await eventually { try await service.run("status").status == .exited(0) }
    let created = try await service.run("devices", "create", "pump 1", "--tag", "north", "--json")
    #expect(created.status == .exited(0))
    let id = try #require(JSONValue(parsing: Array(created.output.utf8))?["id"]?.string)
    let listed = try await service.run("devices", "list")
    #expect(listed.output.contains(id.prefix(8)) && !listed.output.contains(id))
    #expect(listed.output.hasPrefix("NAME"))
    #expect(try await service.run("devices", "list", "--wide").output.contains(id))
    #expect(try await service.run("devices", "list", "--tag", "south", "--json").output == "[\n\n]\n")
    let image = try PublishedApp.sample()
    _ = try await service.fixture.store.assign(image, to: try #require(DeviceID(id)), idempotencyKey: "k")
    #expect(try await service.run("devices", "show", id).output.contains("pending"))
    #expect(try await service.run("firmware", "list", id, "--wide").output.contains("\(image.app.wasmDigest)"))
    #expect(try await service.run("firmware", "show", id, "1").output.contains("unsigned"))
    #expect(try await service.run("events", "list", "--device", id).output.contains("image-assigned"))
    #expect(try await service.run("devices", "update", id, "--name", "valve").output.contains("valve"))
    #expect(try await service.run("devices", "notify", id).status == .exited(0))

    // The last of several edits wins only where nobody asks for more.
    let shown = try await service.run("devices", "show", id, "--json")
    guard case .integer(let revision)? = JSONValue(parsing: Array(shown.output.utf8))?["revision"] else {
      throw TestFailure("no revision in \(shown.output)")
    }
    let first = try await service.run("devices", "update", id, "--name", "a", "--revision", "\(revision)")
    #expect(first.status == .exited(0), "\(first.output)")
    let second = try await service.run("devices", "update", id, "--name", "b", "--revision", "\(revision)")
    #expect(second.status == .exited(1) && second.output.contains("revision-mismatch"), "\(second.output)")
    #expect(try await service.run("devices", "show", id, "--json").output.contains("\"a\""))

    let follower = try ChildProcess(
      product("xtblish-registry"), ["events", "follow", "--json", "--last", "2"],
      environment: ["XTBLISH_INSECURE": "true", "XTBLISH_REGISTRY_ENDPOINTS": service.endpoint],
      inheritsEnvironment: false)
    try await follower.waitForLine(containing: "notification-requested")
    #expect(try await service.run("devices", "delete", id, "--yes").status == .exited(0))
    try await follower.waitForLine(containing: "device-deleted")

    // 65: not there, or not a UUID; 64: wrong use.
    let gone = try await service.run("devices", "show", id)
    #expect(gone.status == .exited(65))
    #expect(gone.output.contains("error: there is no device \(id)"))
    #expect(try await service.run("devices", "show", "x").status == .exited(65))
    #expect(try await service.run("devices", "update", id).status == .exited(64))
    #expect(try await service.run("devices", "list", "--state", "great").status == .exited(65))
    #expect(try await service.process.stop() == .exited(0))
    #expect(try await service.run("devices", "list", "--timeout", "200ms").status != .exited(0))
  }

  @Test func tokensAndTheAuditLog() async throws {
    let service = try await Service.start()
    try await eventually { try await service.run("status").status == .exited(0) }
    let folder = try TemporaryFolder("xtblish-tokens")
    let file = folder.path("ci.token")
    let made = try await service.run("token", "create", "ci", "--scope", "deploy", "--expires", "90d", "--out", file)
    #expect(made.status == .exited(0), "\(made.output)")
    var status = stat()
    #expect(stat(file, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    let secret = try #require(String(data: try Data(contentsOf: URL(filePath: file)), encoding: .utf8))
      .trimmingCharacters(in: .newlines)
    #expect(secret.hasPrefix("xtb_"))
    #expect(!made.output.contains(secret))
    // A file that is there is kept, and no token is made that has no place.
    let again = try await service.run("token", "create", "cd", "--scope", "read", "--out", file)
    #expect(again.status == .exited(1))
    #expect(try String(data: Data(contentsOf: URL(filePath: file)), encoding: .utf8)?.hasPrefix(secret) == true)
    let unplaced = try await service.run("token", "create", "ci", "--scope", "read", "--out", folder.path("x"))
    #expect(unplaced.status != .exited(0))
    #expect(access(folder.path("x"), F_OK) != 0)
    let shown = try await service.run("token", "create", "short", "--scope", "read", "--expires", "1h")
    #expect(shown.output.hasPrefix("xtb_"))
    let listed = try await service.run("token", "list")
    #expect(listed.output.contains("ci") && listed.output.contains("deploy") && !listed.output.contains("cd "))
    #expect(!listed.output.contains("xtb_"))
    #expect(try await service.run("token", "create", "x", "--scope", "root").status == .exited(65))
    #expect(try await service.run("token", "create", "x", "--scope", "read", "--expires", "soon").status == .exited(64))

    let follower = try ChildProcess(
      product("xtblish-registry"), ["audit", "--follow", "--json", "--limit", "1"],
      environment: ["XTBLISH_INSECURE": "true", "XTBLISH_REGISTRY_ENDPOINTS": service.endpoint],
      inheritsEnvironment: false)
    try await follower.waitForLine(containing: #""target":"token:short""#)
    #expect(try await service.run("token", "revoke", "ci", "--yes").status == .exited(0))
    let line = try await follower.waitForLine(containing: "revoke-token")
    #expect(JSONValue(parsing: Array(line.utf8))?["target"] == .string("token:ci"))
    #expect(try await service.run("token", "list").output.contains("revoked"))

    let filtered = try await service.run("audit", "--action", "create-token", "--target", "token:ci", "--json")
    #expect(JSONValue(parsing: Array(filtered.output.utf8))?.items.count == 1)
    #expect(try await service.run("audit", "--until", "1h", "--json").output == "[\n\n]\n")
    #expect(try await service.run("audit", "--since", "1h").output.contains("revoke-token"))
    #expect(try await service.run("audit", "--since", "yesterday").status == .exited(64))
    let everything = try await service.run("audit", "--limit", "0", "--json")
    #expect(!everything.output.contains("xtb_"))

    let created = try await service.run("devices", "create", "pump", "--json")
    let id = try #require(JSONValue(parsing: Array(created.output.utf8))?["id"]?.string)
    #expect(try await service.run("devices", "decommission", id).status == .exited(64))
    // Nobody is there to be asked, and nothing hangs.
    for asked in [
      try await service.run("devices", "decommission", id, "--reason", "x"),
      try await service.run("devices", "delete", id), try await service.run("token", "revoke", "ci"),
    ] {
      #expect(asked.status == .exited(64))
      #expect(asked.output.contains("--yes"))
    }
    let gone = try await service.run("devices", "decommission", id, "--reason", "scrapped", "--yes")
    #expect(gone.output.contains("decommissioned"))
    #expect(try await !service.run("devices", "list", "--wide").output.contains(id))
    #expect(try await service.run("devices", "list", "--state", "decommissioned", "--wide").output.contains(id))
    #expect(try await service.process.stop() == .exited(0))
  }

  @Test func aWrongConfigurationIsToldInFull() async throws {
    let child = try ChildProcess(
      product("xtblish-registry"), ["serve"],
      environment: ["XTBLISH_REGISTRY_HTTP_LISTEN": "nowhere", "XTBLISH_DATABASE_CONNECTIONS": "0"],
      inheritsEnvironment: false)
    #expect(try await child.waitForExit() == .exited(78))
    for name in ["XTBLISH_DATABASE_URL", "XTBLISH_REGISTRY_HTTP_LISTEN", "XTBLISH_DATABASE_CONNECTIONS"] {
      #expect(child.output.contains(name))
    }
  }

  /// The service waits for a database that comes late, and says meanwhile that it is not ready.
  @Test func itStartsBeforeItsDatabase() async throws {
    let server = try await PostgresServer()
    let url = try await server.createDatabase()
    try await server.stop()
    let operations = try FreePort()
    let (http, rpc) = (try FreePort(), try FreePort())
    let child = try ChildProcess(
      product("xtblish-registry"), ["serve"],
      environment: [
        "XTBLISH_INSECURE": "true", "XTBLISH_DATABASE_URL": url,
        "XTBLISH_REGISTRY_HTTP_LISTEN": "127.0.0.1:\(http.number)",
        "XTBLISH_REGISTRY_RPC_LISTEN": "tcp://127.0.0.1:\(rpc.number)",
        "XTBLISH_REGISTRY_OPERATIONS_LISTEN": "127.0.0.1:\(operations.number)",
        "XTBLISH_NOTIFIER_ENDPOINTS": "tcp://127.0.0.1:1",
      ], inheritsEnvironment: false)
    try await child.waitForLine(containing: "waiting for the database")
    try await server.start()
    let pool = try PostgresPool(url: url, maximumConnections: 1, logger: .quiet)
    try await eventually { (try? await RegistrySchema.migrator().check(pool)) != nil }
    await pool.close()
    #expect(try await child.stop() == .exited(0))
  }
}
