import Curl
import Foundation
import Foundations
import Messaging
import TestSupport
import Testing
import Wire

@testable import ProvisionerDomain
@testable import ProvisionerStorage

/// A Provisioner that dies in the middle.
@Suite(.seated) struct CrashTests {
  private func start(_ database: String, registry: String, port: FreePort) async throws -> ChildProcess {
    let (rpc, operations) = (try FreePort(), try FreePort())
    let process = try ChildProcess(
      product("xtblish-provisioner"), ["serve"],
      environment: [
        "XTBLISH_INSECURE": "true", "XTBLISH_DATABASE_URL": database, "XTBLISH_REGISTRY_ENDPOINTS": registry,
        "XTBLISH_PROVISIONER_HTTP_LISTEN": "127.0.0.1:\(port.number)",
        "XTBLISH_PROVISIONER_RPC_LISTEN": "tcp://127.0.0.1:\(rpc.number)",
        "XTBLISH_PROVISIONER_OPERATIONS_LISTEN": "127.0.0.1:\(operations.number)",
      ])
    let http = HTTPClient()
    defer { http.close() }
    try await eventually("a ready Provisioner") {
      (try? await http.get("http://127.0.0.1:\(operations.number)/readyz"))?.status == 200
    }
    return process
  }

  @Test func withoutADatabaseItSaysWhyItIsNotReadyAndGoesOnAsSoonAsThereIsOne() async throws {
    let database = try await PostgresServer()
    let url = try await database.createDatabase()
    try await database.stop()
    let operations = try FreePort()
    let process = try ChildProcess(
      product("xtblish-provisioner"), ["serve"],
      environment: [
        "XTBLISH_INSECURE": "true", "XTBLISH_DATABASE_URL": url,
        "XTBLISH_REGISTRY_ENDPOINTS": "tcp://127.0.0.1:\(try FreePort().number)",
        "XTBLISH_PROVISIONER_HTTP_LISTEN": "127.0.0.1:\(try FreePort().number)",
        "XTBLISH_PROVISIONER_RPC_LISTEN": "tcp://127.0.0.1:\(try FreePort().number)",
        "XTBLISH_PROVISIONER_OPERATIONS_LISTEN": "127.0.0.1:\(operations.number)",
      ])
    let http = HTTPClient()
    defer { http.close() }
    let readiness = "http://127.0.0.1:\(operations.number)/readyz"
    try await eventually("the reason why it is not ready") {
      guard let answer = try? await http.get(readiness), answer.status == 503 else { return false }
      return answer.text.contains("Connection refused")
    }
    try await database.start()
    try await eventually("a ready Provisioner") { (try? await http.get(readiness))?.status == 200 }
    try await process.stop()
    try await database.stop()
  }

  @Test func killedBetweenReservationAndAnswerItGoesOnWithTheSameIdentity() async throws {
    try await withStage { stage in
      let (id, token) = try await stage.makeClaim(count: 1)
      let registry = FakeRegistry()
      registry.keepSilent(true)
      let server = registry.server()
      let port = try FreePort()
      let http = HTTPClient()
      defer { http.close() }
      let request = HTTPClient.Request(
        "POST", "http://127.0.0.1:\(port.number)/v1/enroll",
        headers: [HTTPClient.Header("Content-Type", "application/json")],
        body: .bytes(Array(#"{"claim": "\#(token)", "serial": "SN-1"}"#.utf8)))
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await server.run() }
        defer { group.cancelAll() }
        let endpoint = try await server.boundAddress()
        let first = try await start(stage.url, registry: endpoint, port: port)
        async let lost: HTTPClient.Response? = try? http.request(request)
        try await eventually("a device at the Registry") { !registry.devices.isEmpty }
        first.kill(SIGKILL)
        try await first.waitForExit()
        #expect(await lost == nil)
        let reserved = try #require(try await stage.claims.uses(of: id).first)
        #expect(reserved.state == .reserved)

        registry.keepSilent(false)
        let second = try await start(stage.url, registry: endpoint, port: port)
        let answer = try await http.request(request)
        #expect(answer.status == 200)
        #expect(answer.text.contains("\(reserved.device)"))
        #expect(registry.devices.mapValues(\.serial) == [reserved.device: "SN-1"])
        #expect(try await stage.claims.claim(id).used == 1)
        try await second.stop()
      }
    }
  }
}
