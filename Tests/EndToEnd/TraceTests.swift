import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// One deployment, followed through every program that has a part in it.
  @Suite(.seated, .serialized)
  struct TraceTests {
    private struct Trace: Decodable {
      struct Step: Decodable {
        let name: String
        let program: String
        let atMicroseconds: UInt64
        let tookMicroseconds: UInt64
        let share: Double?
      }
      let traceID: String?
      let requestID: String?
      let steps: [Step]
      let firstLineMicroseconds: UInt64?
    }

    private struct Span: Decodable {
      struct Attribute: Decodable {
        struct Value: Decodable { let stringValue: String? }
        let key: String
        let value: Value
      }
      let traceId: String
      let spanId: String
      let parentSpanId: String
      let name: String
      let attributes: [Attribute]

      var program: String? { attributes.first { $0.key == "xtblish.program" }?.value.stringValue }
    }

    private static let traceID = "4bf92f3577b34da6a3ce929d0e0e4736"
    private static let clientSpan = "00f067aa0ba902b7"

    @Test func oneDeploymentIsFollowedThroughAllPrograms() async throws {
      let receiver = try await OtelTap()
      let settings = [
        "XTBLISH_LOG_FORMAT": "json", "XTBLISH_LOG_LEVEL": "debug", "XTBLISH_TRACE_OTLP_URL": receiver.url,
      ]
      try await Stack.run(devices: 1, settings: settings) { stack in
        let device = try #require(try stack.devices.first)
        let app = try await App.make("traced", in: stack.folder)
        let posted = try await stack.curl([
          "--silent", "--fail", "--data-binary", "@\(app.path)", "--header",
          "traceparent: 00-\(Self.traceID)-\(Self.clientSpan)-01", "--header", "X-Request-Id: build-7",
          "\(stack.value("XTBLISH_IMAGE_STORE_URL"))/firmware/\(device)",
        ])
        #expect(posted.status == 0, "\(posted.errors)")
        let deployment = try JSONDecoder().decode(Deployment.self, from: Data(posted.output.utf8))
        try await stack.waitUntilRuns(deployment)

        try Self.expectLogs(of: stack)
        let text = try await stack.admin("xtblish-registry", "trace", device, "1", "--json")
        try Self.expectSteps(JSONDecoder().decode(Trace.self, from: Data(text.utf8)))
        let table = try await stack.admin("xtblish-registry", "trace", device)
        #expect(table.contains("trace \(Self.traceID)\nrequest build-7\n") && table.contains("the app's first line"))
        try await Self.expectSpans(of: receiver)
      }
      try await receiver.stop()
    }

    private static func expectLogs(of stack: Stack) throws {
      for name in ["image-store-1", "registry-1", "notifier-1", "device-1"] {
        let lines = try String(contentsOfFile: stack.folder.path("logs/\(name).log"), encoding: .utf8).split(
          separator: "\n")
        let traced = lines.filter { $0.contains("\"trace\":\"\(traceID)\"") }
        #expect(!traced.isEmpty, "\(name)")
        #expect(traced.contains { $0.contains("\"request\":\"build-7\"") }, "\(name)")
        if name == "device-1" { #expect(traced.contains { $0.contains("the app wrote its first line") }) }
      }
    }

    private static func expectSteps(_ trace: Trace) throws {
      #expect(trace.traceID == traceID && trace.requestID == "build-7")
      let names = trace.steps.map(\.name)
      for name in [
        "token-checked", "device-checked", "received", "code-checked", "assignment-checked", "stored", "assigned",
        "taken",
        "published", "acknowledged", "head-checked", "downloaded", "verified", "staged", "process-started",
        "first-line",
        "switched", "confirmed",
      ] {
        #expect(names.contains(name), "\(name) in \(names)")
      }
      #expect(trace.steps.map(\.atMicroseconds) == trace.steps.map(\.atMicroseconds).sorted())
      #expect(trace.steps.reduce(0) { $0 + $1.tookMicroseconds } == trace.steps.last?.atMicroseconds)
      let shares = trace.steps.compactMap(\.share).reduce(0, +)
      #expect(abs(shares - 1) < 0.001 && trace.firstLineMicroseconds ?? 0 > 0)
    }

    private static func expectSpans(of receiver: OtelTap) async throws {
      let programs: Set = ["image-store", "registry", "notifier", "device", "app-host"]
      var spans: [Span] = []
      try await eventually("spans of all programs") {
        spans = try receiver.spans.map { try JSONDecoder().decode(Span.self, from: Data($0.utf8)) }
          .filter { $0.traceId == traceID }
        return programs.isSubset(of: Set(spans.compactMap(\.program)))
          && spans.contains { $0.name == "POST /firmware/{device}" }
      }
      let known = Set(spans.map(\.spanId)).union([clientSpan])
      #expect(
        spans.allSatisfy { known.contains($0.parentSpanId) }, "\(spans.filter { !known.contains($0.parentSpanId) })")
      let post = try #require(spans.first { $0.name == "POST /firmware/{device}" })
      let assignment = try #require(spans.first { $0.name == "xtblish.v1.AssignImage" })
      let published = try #require(spans.first { $0.name == "publish notification" })
      let update = try #require(spans.first { $0.name == "update" })
      let line = try #require(spans.first { $0.name == "first-line" })
      let download = try #require(spans.first { $0.name == "GET /firmware/{device}/{version}" })
      #expect(post.parentSpanId == clientSpan && assignment.parentSpanId == post.spanId)
      #expect(published.parentSpanId == assignment.spanId && update.parentSpanId == published.spanId)
      #expect(line.parentSpanId == update.spanId && line.program == "app-host")
      #expect(download.parentSpanId == update.spanId)
    }
  }
}
