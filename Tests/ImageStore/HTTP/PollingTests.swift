import Authorization
import Curl
import FirmwareImage
import Foundation
import Foundations
import ServiceHTTP
import TestPeers
import TestSupport
import Testing
import Wire

/// The door for devices that only ask now and then.
@Suite(.seated) struct PollingTests {
  private static func bearer(_ token: String) -> [String: String] { ["Authorization": "Bearer \(token)"] }

  /// A store with a device that has one version.
  private func withDevice(
    _ body: @escaping @Sendable (RunningStore, DeviceID, HTTPClient) async throws -> Void
  ) async throws {
    try await RunningStore.with(isSecure: true) { store in
      let authority = try #require(store.authority)
      let device = store.registry.addDevice()
      try store.registry.addToken("deployer", [.deploy])
      #expect(
        try await store.post(module(bytes: 300_000), to: device, headers: Self.bearer("deployer")).status == 201)
      let client = RunningStore.client(authority, as: try authority.device("\(device)"))
      defer { client.close() }
      try await body(store, device, client)
    }
  }

  private func waits(_ store: RunningStore, _ client: HTTPClient) async throws -> Bool {
    let response = try await store.request("GET", "/status", by: client)
    #expect(response.status == 200 && response["cache-control"] == "no-store")
    return try #require(response.json["file_exists"] as? Bool)
  }

  @Test func aVersionWaitsUntilItIsConfirmed() async throws {
    try await withDevice { store, device, client in
      #expect(try await waits(store, client))
      let image = try await store.request("GET", "/download", by: client)
      #expect(image.status == 200 && image["content-location"] == "/firmware/\(device)/1")
      #expect(try VerifiedImage.verifying(image.body, for: device, trust: .unsigned()).configuration.device == device)

      store.registry.report(device, version: 1, status: "trial")
      #expect(try await waits(store, client))
      store.registry.report(device, version: 1, status: "confirmed")
      #expect(try await !waits(store, client))
      let nothing = try await store.request("GET", "/download", by: client)
      #expect(nothing.status == 404 && nothing.problem == "nothing-waits")

      #expect(
        try await store.post(module(bytes: 9_000, seed: 2), to: device, headers: Self.bearer("deployer")).status == 201)
      #expect(try await waits(store, client))
      #expect(try await store.request("GET", "/download", by: client)["content-location"] == "/firmware/\(device)/2")
      // What it could not keep is not offered again.
      store.registry.report(device, version: 1, status: "rolled-back", failed: 2)
      #expect(try await !waits(store, client))
    }
  }

  @Test func aDeviceWithoutVersionsHasNothingWaiting() async throws {
    try await withDevice { store, _, _ in
      let authority = try #require(store.authority)
      let fresh = store.registry.addDevice()
      let client = RunningStore.client(authority, as: try authority.device("\(fresh)"))
      defer { client.close() }
      #expect(try await !waits(store, client))
      let stranger = RunningStore.client(authority, as: try authority.device("\(DeviceID.random())"))
      defer { stranger.close() }
      let unknown = try await store.request("GET", "/status", by: stranger)
      #expect(unknown.status == 404 && unknown.problem == "unknown-device")
    }
  }

  @Test func aDeviceSaysWhatBecameOfAVersion() async throws {
    try await withDevice { store, device, client in
      try store.registry.setPollingToken("small", of: device)
      func tell(_ body: String, _ headers: [String: String] = Self.bearer("small")) async throws -> HTTPClient.Response
      {
        try await store.request(
          "POST", "/status", headers: headers.merging(["Content-Type": "application/json"]) { $1 },
          body: Array(body.utf8))
      }
      let trial = try await tell(#"{"version":1,"status":"trial"}"#)
      #expect(trial.status == 200 && trial.json["file_exists"] as? Bool == true)
      // The same JSON as over MQTT will do.
      let kept = try await tell(
        #"{"sequence":9,"version":1,"digest":"sha256:00","slot":"A","status":"confirmed","reason":""}"#)
      #expect(kept.status == 200 && kept.json["file_exists"] as? Bool == false)
      #expect(try await !waits(store, client))

      #expect(
        try await store.post(module(bytes: 9_000, seed: 2), to: device, headers: Self.bearer("deployer")).status == 201)
      #expect(try await waits(store, client))
      let given = try await tell(#"{"version":2,"status":"refused","reason":"no room"}"#)
      #expect(given.json["file_exists"] as? Bool == false)

      let unknown = try await tell(#"{"version":7,"status":"confirmed"}"#)
      #expect(unknown.status == 404 && unknown.problem == "unknown-firmware")
      for (body, status) in [("", 400), ("{}", 400), (#"{"version":-1,"status":"trial"}"#, 400)] {
        #expect(try await tell(body).status == status, "\(body)")
      }
      let long = String(repeating: "x", count: 5_000)
      #expect(try await tell(#"{"version":2,"status":"trial","reason":"\#(long)"}"#).status == 413)
      #expect(try await tell(#"{"version":1,"status":"confirmed"}"#, Self.bearer("deployer")).status == 401)
      #expect(try await tell(#"{"version":1,"status":"confirmed"}"#, [:]).status == 401)
    }
  }

  @Test func anInterruptedDownloadGoesOn() async throws {
    try await withDevice { store, _, client in
      let whole = try await store.request("GET", "/download", by: client)
      let tag = try #require(whole["etag"])
      let rest = try await store.request(
        "GET", "/download", headers: ["Range": "bytes=200000-", "If-Range": tag], by: client)
      #expect(rest.status == 206 && rest.body == Array(whole.body[200_000...]))
      #expect(try await store.request("GET", "/download", headers: ["If-None-Match": tag], by: client).status == 304)
    }
  }

  @Test func aPollingTokenIsGoodForItsOwnDoorAlone() async throws {
    try await withDevice { store, device, _ in
      let other = store.registry.addDevice()
      try store.registry.setPollingToken("small", of: device)
      try store.registry.setPollingToken("foreign", of: other)
      let small = Self.bearer("small")
      #expect(try await store.request("GET", "/status", headers: small).json["file_exists"] as? Bool == true)
      let image = try await store.request("GET", "/download", headers: small)
      #expect(image.status == 200 && image["content-location"] == "/firmware/\(device)/1")
      #expect(
        try await store.request("GET", "/status", headers: Self.bearer("foreign")).json["file_exists"] as? Bool == false
      )
      for (method, path) in [
        ("GET", "/firmware/\(device)/1"), ("POST", "/firmware/\(device)"), ("GET", "/debug/00112233"),
      ] {
        let refused = try await store.request(method, path, headers: small)
        #expect(refused.status == 401, "\(method) \(path): \(refused.text)")
      }
    }
  }

  @Test func anOperatorsTokenOpensNoPollingDoor() async throws {
    try await withDevice { store, _, _ in
      #expect(try await store.request("GET", "/status").status == 401)
      let refused = try await store.request("GET", "/status", headers: Self.bearer("deployer"))
      #expect(refused.status == 401 && refused.problem == "unknown-token")
    }
  }

  @Test func aPollingTokenThatIsTakenBackEnds() async throws {
    try await withDevice { store, device, _ in
      try store.registry.setPollingToken("small", of: device)
      #expect(try await store.request("GET", "/status", headers: Self.bearer("small")).status == 200)
      try store.registry.setPollingToken("small", of: nil)
      try await eventually("the token ends") {
        try await store.request("GET", "/status", headers: Self.bearer("small")).status == 401
      }
    }
  }

  @Test func guessingPollingTokensIsBounded() async throws {
    try await withDevice { store, _, _ in
      for guess in 0..<10 {
        #expect(try await store.request("GET", "/status", headers: Self.bearer("guess\(guess)")).status == 401)
      }
      let limited = try await store.request("GET", "/status", headers: Self.bearer("guess10"))
      #expect(limited.status == 429 && limited["retry-after"] != nil)
    }
  }

  @Test func aProvisionerThatIsAwayIsNoPermission() async throws {
    try await withDevice { store, _, _ in
      store.registry.fail(WireFindPollingDevice.self, .stoppedService)
      let refused = try await store.request("GET", "/status", headers: Self.bearer("small"))
      #expect(refused.status == 503 && refused["retry-after"] != nil)
    }
  }
}
