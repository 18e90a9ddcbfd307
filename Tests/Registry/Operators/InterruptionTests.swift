import Curl
import Logging
import PostgreSQL
import TestSupport
import Testing

@testable import RegistryDomain

/// The service is killed in the middle of a change: the change and its entry in the audit log are both there, or neither.
@Suite(.seated) struct InterruptionTests {
  private struct Service {
    let process: ChildProcess
    let base: String

    static func start(_ url: String) async throws -> Service {
      let (http, rpc, operations) = (try FreePort(), try FreePort(), try FreePort())
      let process = try ChildProcess(
        product("xtblish-registry"), ["serve"],
        environment: [
          "XTBLISH_INSECURE": "true", "XTBLISH_DATABASE_URL": url,
          "XTBLISH_REGISTRY_HTTP_LISTEN": "127.0.0.1:\(http.number)",
          "XTBLISH_REGISTRY_RPC_LISTEN": "tcp://127.0.0.1:\(rpc.number)",
          "XTBLISH_REGISTRY_OPERATIONS_LISTEN": "127.0.0.1:\(operations.number)",
          "XTBLISH_NOTIFIER_ENDPOINTS": "tcp://127.0.0.1:1", "XTBLISH_PROVISIONER_ENDPOINTS": "tcp://127.0.0.1:1",
        ], inheritsEnvironment: false)
      let base = "http://127.0.0.1:\(http.number)"
      let client = HTTPClient()
      try await eventually("the service") {
        (try? await client.request(HTTPClient.Request("GET", base + "/v1/devices")))?.status == 200
      }
      client.close()
      return Service(process: process, base: base)
    }

    /// Asks for a device, and does not wait for the answer.
    func create(_ name: String) -> Task<Void, Never> {
      Task {
        let client = HTTPClient()
        _ = try? await client.request(
          HTTPClient.Request(
            "POST", base + "/v1/devices", headers: [HTTPClient.Header("Content-Type", "application/json")],
            body: .bytes(Array(#"{"name":"\#(name)"}"#.utf8))))
        client.close()
      }
    }
  }

  /// Kills it while it waits for a lock that the test holds.
  private func kill(whileWaitingFor lock: SQL, _ values: [PostgresValue] = []) async throws -> (
    devices: Int, entries: Int
  ) {
    // One of its own: it waits for what other tests would hold too.
    let server = try await PostgresServer()
    let url = try await server.createDatabase()
    let service = try await Service.start(url)
    let pool = try PostgresPool(url: url, maximumConnections: 3, logger: .quiet)
    let request = try await pool.withTransaction { connection in
      try await connection.query(lock, values)
      let request = service.create("pump")
      try await eventually("the service waits for the lock") {
        let waiting = try await pool.queryFirst(
          """
          select count(*) as count from pg_stat_activity
          where datname = current_database() and wait_event_type = 'Lock' and application_name = 'xtblish-registry'
          """)
        return try waiting?["count"].int ?? 0 > 0
      }
      service.process.kill()
      try await service.process.waitForExit()
      return request
    }
    await request.value
    // The server ends the connection of the dead service, or its transaction first.
    try await eventually("the end of its connections") {
      let left = try await pool.queryFirst(
        """
        select count(*) as count from pg_stat_activity
        where datname = current_database() and application_name = 'xtblish-registry'
        """)
      return try left?["count"].int == 0
    }
    let devices = try await pool.queryFirst("select count(*) as count from registry.devices")?["count"].int
    let entries = try await pool.queryFirst(
      "select count(*) as count from registry.audit where action = 'create-device'")?["count"].int
    await pool.close()
    return (devices ?? -1, entries ?? -1)
  }

  @Test func betweenTheChangeAndItsEntry() async throws {
    let left = try await kill(whileWaitingFor: "lock table registry.audit in access exclusive mode")
    #expect(left.devices == 0)
    #expect(left.entries == 0)
  }

  @Test func whileItCommits() async throws {
    let left = try await kill(
      whileWaitingFor: "select pg_advisory_xact_lock(hashtextextended('registry.events', 0))")
    #expect(left.devices == left.entries)
    #expect((0...1).contains(left.devices))
  }
}
