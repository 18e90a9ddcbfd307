import Curl
import DeviceProtocol
import FirmwareImage
import FoundationEssentials
import Foundations
import PostgreSQL
import ServiceHTTP
import ServiceKit
import TestSupport
import Testing
import TextFormats

@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryHTTP
@testable import RegistryServer
@testable import RegistryStorage

/// Over a real connection, with a client that shares nothing with the server.
struct HTTPFixture: Sendable {
  let base: String
  private let client = HTTPClient()

  /// Serves the routes while `body` runs.
  static func serving(
    _ store: RegistryStore, control: AccessControl = .open,
    _ body: @Sendable @escaping (HTTPFixture) async throws -> Void
  ) async throws {
    let router = makeRouter()
    RegistryRoutes(store: store, control: control).add(to: router)
    let service = makeHTTPService(
      name: "registry", listen: ListenAddress(host: "127.0.0.1", port: 0), router: router,
      limits: RegistryRoutes.limits, logger: .quiet)
    try await running([service]) {
      let fixture = HTTPFixture(base: "http://127.0.0.1:\(try await service.boundPort)")
      try await body(fixture)
      fixture.client.close()
    }
  }

  private init(base: String) { self.base = base }

  func send(
    _ method: String, _ path: String, _ body: [UInt8]? = nil, type: String? = "application/json", token: String? = nil
  ) async throws -> HTTPClient.Response {
    var headers: [HTTPClient.Header] = []
    if body != nil, let type { headers.append(HTTPClient.Header("Content-Type", type)) }
    if let token {
      headers.append(HTTPClient.Header("Authorization", token.hasPrefix("Basic ") ? token : "Bearer \(token)"))
    }
    return try await client.request(
      HTTPClient.Request(method, base + path, headers: headers, body: body.map { .bytes($0) } ?? .none))
  }

  func send(
    _ method: String, _ path: String, _ body: String, token: String? = nil
  ) async throws -> HTTPClient.Response {
    try await send(method, path, Array(body.utf8), token: token)
  }

  func get(_ path: String) async throws -> HTTPClient.Response { try await send("GET", path) }
}

extension HTTPClient.Response {
  var json: JSONValue? { JSONValue(parsing: body) }
  subscript(field field: String) -> JSONValue? { json?[field] }
}

extension JSONValue {
  subscript(field: String) -> JSONValue? {
    if case .object(let fields) = self { fields[field] } else { nil }
  }
  var items: [JSONValue] { if case .array(let items) = self { items } else { [] } }
  var string: String? { if case .string(let text) = self { text } else { nil } }
}

@Suite(.seated) struct HTTPTests {
  @Test func aDevicesWholeLife() async throws {
    let fixture = try await Fixture.make()
    try await HTTPFixture.serving(fixture.store) { http in
      let created = try await http.send("POST", "/v1/devices", #"{"name":"pump","tags":["b","a"],"serial":"S1"}"#)
      #expect(created.status == 201)
      let id = try #require(created[field: "id"]?.string)
      #expect(created["Location"] == "/v1/devices/\(id)")
      #expect(created[field: "revision"] == .integer(1))
      #expect(created[field: "tags"] == .array([.string("a"), .string("b")]))
      #expect(created[field: "lastSeen"] == nil)
      let again = try await http.send("POST", "/v1/devices", #"{"id":"\#(id.uppercased())","name":"x","serial":"S1"}"#)
      #expect(again.status == 200)
      #expect(again.json == created.json)
      let other = try await http.send("POST", "/v1/devices", #"{"id":"\#(id)","name":"x","serial":"S2"}"#)
      #expect(other.status == 409)
      #expect(other["Content-Type"] == "application/problem+json")
      #expect(other[field: "reason"] == .string("device-exists"))

      let device = try #require(DeviceID(id))
      let image = try PublishedApp.sample()
      _ = try await fixture.store.assign(image, to: device, idempotencyKey: "k")
      _ = try await fixture.store.record([.state(device, 1, .running(nil, .refused, failed: image.reference(1)))])
      let shown = try await http.get("/v1/devices/\(id)")
      #expect(shown.status == 200)
      #expect(shown[field: "state"] == .string("failed"))
      #expect(shown[field: "online"] == .bool(true))
      #expect(shown[field: "desired"]?["digest"] == .string("\(image.app.wasmDigest)"))
      #expect(shown[field: "reported"]?["status"] == .string("refused"))
      #expect(shown[field: "reported"]?["failed"]?["version"] == .integer(1))

      let changed = try await http.send("PATCH", "/v1/devices/\(id)", #"{"name":"valve","revision":1}"#)
      #expect(changed.status == 200)
      #expect(changed[field: "revision"] == .integer(2))
      #expect(changed[field: "tags"] == .array([.string("a"), .string("b")]))
      let late = try await http.send("PATCH", "/v1/devices/\(id)", #"{"name":"late","revision":1}"#)
      #expect(late.status == 409)
      #expect(late[field: "reason"] == .string("revision-mismatch"))

      let firmware = try await http.get("/v1/devices/\(id)/firmware")
      #expect(firmware[field: "firmware"]?.items.first?["appName"] == .string("sensor"))
      let events = try await http.get("/v1/devices/\(id)/events?limit=2")
      #expect(events[field: "events"]?.items.compactMap { $0["kind"]?.string } == ["device-updated", "state-reported"])
      let cursor = try #require(events[field: "nextCursor"]?.string)
      let older = try await http.get("/v1/devices/\(id)/events?cursor=\(cursor)")
      #expect(
        older[field: "events"]?.items.compactMap { $0["kind"]?.string } == [
          "device-online", "image-assigned", "device-created",
        ])
      let deleted = try await http.send("DELETE", "/v1/devices/\(id)")
      #expect(deleted.status == 204)
      #expect(deleted.body.isEmpty)
      for path in ["", "/firmware"] { #expect(try await http.get("/v1/devices/\(id)\(path)").status == 404) }
      // What stays is the event of its end.
      let last = try await http.get("/v1/devices/\(id)/events")
      #expect(last[field: "events"]?.items.compactMap { $0["kind"]?.string } == ["device-deleted"])
      #expect(try await http.get("/v1/events?after=0").status == 200)
      #expect(try await http.get("/v1/events?after=5&cursor=5").text == #"{"events":[]}"#)
    }
  }

  @Test func pagesAndFilters() async throws {
    let fixture = try await Fixture.make()
    for number in 0..<7 { _ = try await fixture.device("n&=+%/ \(number)", tags: number < 2 ? ["ü +"] : []) }
    try await HTTPFixture.serving(fixture.store) { http in
      var names: [String] = []
      var next = ""
      repeat {
        let page = try await http.get("/v1/devices?limit=3\(next)")
        names += page[field: "devices"]?.items.compactMap { $0["name"]?.string } ?? []
        next = page[field: "nextCursor"]?.string.map { "&cursor=\($0)" } ?? ""
      } while !next.isEmpty
      #expect(names == (0..<7).map { "n&=+%/ \($0)" })
      let tagged = try await http.get("/v1/devices?tag=%C3%BC%20%2B")
      #expect(tagged[field: "devices"]?.items.count == 2)
      let named = try await http.get("/v1/devices?namePrefix=n%26%3D%2B%25/+6&state=offline")
      #expect(named[field: "devices"]?.items.count == 1)
    }
  }

  private struct Hostile {
    let method: String
    let path: String
    var body: [UInt8]?
    var type: String? = "application/json"
    let status: Int

    init(_ method: String, _ path: String, _ status: Int) {
      (self.method, self.path, self.status) = (method, path, status)
    }

    init(
      _ body: String, _ status: Int, method: String = "POST", path: String = "/v1/devices",
      type: String? = "application/json"
    ) {
      self.init(Array(body.utf8), status, method: method, path: path, type: type)
    }

    init(
      _ body: [UInt8], _ status: Int, method: String = "POST", path: String = "/v1/devices",
      type: String? = "application/json"
    ) {
      (self.method, self.path, self.body, self.type, self.status) = (method, path, body, type, status)
    }
  }

  private static let id = "7d444840-9dc0-11d1-b245-5ffdce74fad2"

  private static let hostile: [Hostile] = [
    Hostile("GET", "/v1/devices/x", 400), Hostile("GET", "/v1/devices/%00", 400),
    Hostile("GET", "/v1/devices/%27%3B%20drop%20table", 400), Hostile("GET", "/v1/devices/\(id)0", 400),
    Hostile("GET", "/v1/devices/\(id.replacing("-", with: ""))", 400), Hostile("GET", "/v1/devices/\(id)", 404),
    Hostile("DELETE", "/v1/devices/\(id)", 404), Hostile("DELETE", "/v1/devices/x", 400),
    Hostile("DELETE", "/v1/devices", 405), Hostile("PUT", "/v1/devices/\(id)", 405), Hostile("POST", "/v1/events", 405),
    Hostile("TRACE", "/v1/devices", 405), Hostile("GET", "/", 404), Hostile("GET", "/v2/devices", 404),
    Hostile("GET", "/v1/devices?limit=0", 400), Hostile("GET", "/v1/devices?limit=501", 400),
    Hostile("GET", "/v1/devices?limit=ten", 400), Hostile("GET", "/v1/devices?limit=", 400),
    Hostile("GET", "/v1/devices?limit=-1", 400), Hostile("GET", "/v1/devices?limit=%2B1", 400),
    Hostile("GET", "/v1/devices?limit=1&limit=2", 400), Hostile("GET", "/v1/devices?limt=1", 400),
    Hostile("GET", "/v1/devices?cursor=x", 400), Hostile("GET", "/v1/devices?cursor=", 400),
    Hostile("GET", "/v1/devices?cursor=%00", 400), Hostile("GET", "/v1/devices?state=%27", 400),
    Hostile("GET", "/v1/devices?tag=a%00b", 400), Hostile("GET", "/v1/devices?namePrefix=%FF", 400),
    Hostile("GET", "/v1/devices?reference=pump&health=silent", 400), Hostile("GET", "/v1/devices?namePrefix=%0A", 400),
    Hostile("GET", "/v1/devices?tag=%", 400),
    Hostile("GET", "/v1/events?cursor=0", 400), Hostile("GET", "/v1/events?cursor=9223372036854775808", 400),
    Hostile("GET", "/v1/events?after=-1", 400),
    Hostile("GET", "/v1/devices/\(id)?x=1", 400), Hostile("GET", "/v1/devices/\(id)/firmware?cursor=one", 400),
    Hostile("GET", "/v1/devices/\(id)/firmware", 404), Hostile("GET", "/v1/devices/\(id)/events", 404),
    Hostile("", 400), Hostile("{", 400), Hostile("[]", 400), Hostile("null", 400), Hostile("\"name\"", 400),
    Hostile("{}", 400), Hostile(#"{"name":""}"#, 400), Hostile(#"{"name":1}"#, 400), Hostile(#"{"name":null}"#, 400),
    Hostile(#"{"name":"a\u0000b"}"#, 400), Hostile(#"{"name":"a\nb"}"#, 400), Hostile(#"{"name":"\ud800"}"#, 400),
    Hostile(#"{"name":"a","nmae":"b"}"#, 400), Hostile(#"{"name":"a","tags":"b"}"#, 400),
    Hostile(#"{"name":"a","tags":[1]}"#, 400), Hostile(#"{"name":"a","tags":[""]}"#, 400),
    Hostile(#"{"name":"a","tags":["\u0000"]}"#, 400), Hostile(#"{"name":"a","id":"x"}"#, 400),
    Hostile(#"{"name":"a","id":null}"#, 400), Hostile(#"{"name":"a","serial":7}"#, 400),
    Hostile(#"{"name":"\#(String(repeating: "x", count: 129))"}"#, 400),
    Hostile(#"{"name":"\#(String(repeating: "x", count: 10_000_000))"}"#, 413),
    Hostile(String(repeating: "[", count: 60_000), 400), Hostile([0xFF, 0xFE, 0x7B, 0x00, 0x7D, 0x00], 400),
    Hostile([0x7B, 0x22, 0xC0, 0x80, 0x22, 0x3A, 0x31, 0x7D], 400),
    Hostile(#"{"name":"a"}"#, 415, type: "text/plain"),
    Hostile(#"{"name":"a"}"#, 415, type: "application/merge-patch+json"),
    Hostile(#"{"name":"a"}"#, 404, method: "PATCH", path: "/v1/devices/\(id)"),
    Hostile(#"{"name":""}"#, 400, method: "PATCH", path: "/v1/devices/\(id)"),
    Hostile(#"{"serial":"S2"}"#, 400, method: "PATCH", path: "/v1/devices/\(id)"),
    Hostile(#"{"revision":0}"#, 400, method: "PATCH", path: "/v1/devices/\(id)"),
    Hostile(#"{"revision":1.5}"#, 400, method: "PATCH", path: "/v1/devices/\(id)"),
    Hostile(#"{"tags":null}"#, 400, method: "PATCH", path: "/v1/devices/\(id)"),
    Hostile(#"{}"#, 415, method: "PATCH", path: "/v1/devices/\(id)", type: "application/xml"),
  ]

  @Test func hostileRequestsGetProblemDocuments() async throws {
    let fixture = try await Fixture.make()
    try await HTTPFixture.serving(fixture.store) { http in
      for hostile in Self.hostile {
        let what =
          "\(hostile.method) \(hostile.path) \(String(decoding: (hostile.body ?? []).prefix(60), as: UTF8.self))"
        let response = try await http.send(hostile.method, hostile.path, hostile.body, type: hostile.type)
        #expect(response.status == hostile.status, "\(what): \(response.text.prefix(200))")
        #expect(response["Content-Type"] == "application/problem+json", "\(what)")
        #expect(response[field: "status"] == .integer(Int64(hostile.status)), "\(what)")
        #expect(response[field: "detail"]?.string?.isEmpty == false, "\(what)")
        #expect(response.body.count < 2000, "\(what)")
      }
      #expect(try await http.get("/v1/devices").text == #"{"devices":[]}"#)
    }
  }

  @Test func withoutADatabaseItSaysWhenToComeBack() async throws {
    let server = try await PostgresServer()
    let fixture = try await Fixture.make(on: server, poolOptions: RegistryService.poolOptions(connections: 2))
    try await HTTPFixture.serving(fixture.store) { http in
      #expect(try await http.get("/v1/devices").status == 200)
      try await server.stop()
      for _ in 0..<3 {
        let response = try await http.get("/v1/devices")
        #expect(response.status == 503)
        #expect(response["Retry-After"] == "1")
        #expect(response[field: "reason"] == .string("database-unavailable"))
      }
      try await server.start()
      try await eventually { try await http.get("/v1/devices").status == 200 }
    }
  }
}
