import Curl
import FoundationEssentials
import Foundations
import ServiceHTTP
import TestSupport
import Testing
import TextFormats
import Wire

@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryMessages
@testable import RegistryStorage

/// Logs and crashes over HTTP. Which scope they take is in `RouteScopeTests`.
@Suite(.seated) struct TelemetryRouteTests {
  @Test func logsPageByPageAndFiltered() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    var batch = WireDeviceLogBatch.sample(device, 1...5)
    batch.lines[2].level = "error"
    batch.lines[3].text = "a & b?"
    _ = try await fixture.store.record([ReceivedLogBatch(batch)])
    try await HTTPFixture.serving(fixture.store) { http in
      let path = "/v1/devices/\(device)/logs"
      func texts(_ query: String) async throws -> [String] {
        try await http.get(path + query)[field: "lines"]?.items.compactMap { $0["text"]?.string } ?? []
      }
      let newest = try await http.get(path + "?limit=2")
      #expect(newest.status == 200)
      #expect(newest[field: "lines"]?.items.compactMap { $0["text"]?.string } == ["a & b?", "line 5"])
      let cursor = try #require(newest[field: "nextCursor"]?.string)
      #expect(try await texts("?limit=3&cursor=\(cursor)") == ["line 1", "line 2", "line 3"])
      #expect(try await texts("?level=error") == ["line 3"])
      #expect(try await texts("?text=%26%20b%3F") == ["a & b?"])
      #expect(try await texts("?text=%27%20or%201%3D1%20--") == [])
      #expect(try await texts("?after=0&limit=1") == ["line 1"])
    }
  }

  @Test func whoFollowsALogIsAnsweredByTheNextLine() async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    _ = try await fixture.store.record([ReceivedLogBatch(.sample(device, 1...1))])
    try await running([LogListener(store: fixture.store)]) {
      try await HTTPFixture.serving(fixture.store) { http in
        let path = "/v1/devices/\(device)/logs"
        let last = try #require(try await http.get(path)[field: "lastCursor"])
        guard case .integer(let cursor) = last else {
          Issue.record("no cursor: \(last)")
          return
        }
        async let answer = http.get("\(path)?follow=true&after=\(cursor)")
        try await eventually("somebody follows") { fixture.store.logFollowers.count == 1 }
        _ = try await fixture.store.record([ReceivedLogBatch(.sample(device, 2...2))])
        #expect(try await answer[field: "lines"]?.items.compactMap { $0["text"]?.string } == ["line 2"])
      }
    }
  }

  @Test(arguments: [
    "?limit=0", "?limit=1001", "?level=loud", "?level=", "?text=a%00b", "?after=-1", "?cursor=0", "?follow=maybe",
    "?after=1&cursor=1", "?lines=1", "?text=\(String(repeating: "x", count: 2_000))",
  ])
  func whatIsWrongWithALogsQueryIsTold(_ query: String) async throws {
    let fixture = try await Fixture.make()
    let device = try await fixture.device()
    try await HTTPFixture.serving(fixture.store) { http in
      let response = try await http.get("/v1/devices/\(device)/logs\(query)")
      // An empty level stands for none.
      #expect(response.status == (query == "?level=" ? 200 : 400), "\(response.text)")
    }
  }

  @Test func crashesOfOneOfAllAndOfAnApp() async throws {
    let fixture = try await Fixture.make()
    let (a, b) = (try await fixture.device("a"), try await fixture.device("b"))
    for (device, app) in [(a, "sensor"), (b, "sensor"), (a, "pump")] {
      _ = try await fixture.store.record([Crash(.sample(device, app: app))])
    }
    try await HTTPFixture.serving(fixture.store) { http in
      func numbers(_ path: String) async throws -> [JSONValue?] {
        let response = try await http.get(path)
        #expect(response.status == 200, "\(path): \(response.text)")
        return response[field: "crashes"]?.items.map { $0["number"] } ?? []
      }
      #expect(try await numbers("/v1/crashes") == [.integer(3), .integer(2), .integer(1)])
      #expect(try await numbers("/v1/devices/\(a)/crashes") == [.integer(3), .integer(1)])
      #expect(try await numbers("/v1/crashes?app=sensor") == [.integer(2), .integer(1)])
      #expect(try await numbers("/v1/crashes?app=%27%20or%201%3D1") == [])
      #expect(try await numbers("/v1/crashes?grouped=true") == [.integer(3), .integer(2)])
      #expect(try await numbers("/v1/crashes?limit=1&cursor=3") == [.integer(2)])
      let one = try await http.get("/v1/crashes/2")
      #expect(one.status == 200)
      #expect(one[field: "device"] == .string("\(b)"))
      for (path, status) in [
        ("/v1/crashes/4", 404), ("/v1/crashes/0", 400), ("/v1/crashes/x", 400), ("/v1/crashes/01", 400),
        ("/v1/crashes/99999999999999999999", 400), ("/v1/crashes?grouped=1", 400), ("/v1/crashes?cursor=x", 400),
        ("/v1/crashes?device=x", 400), ("/v1/devices/\(DeviceID.random())/crashes", 404),
      ] {
        #expect(try await http.get(path).status == status, "\(path)")
      }
    }
  }
}
