import Authorization
import Curl
import FirmwareImage
import Foundation
import Foundations
import ServiceHTTP
import Synchronization
import TestPeers
import TestSupport
import Testing
import Wire

/// Who gets what from an image store with TLS.
@Suite(.seated) struct AccessTests {
  private static func bearer(_ token: String) -> [String: String] { ["Authorization": "Bearer \(token)"] }

  /// A store with a device that has one version, and an operator's token that may deploy.
  private func withDevice(
    _ body: @escaping @Sendable (RunningStore, DeviceID, TestTrustChain) async throws -> Void
  ) async throws {
    try await RunningStore.with(isSecure: true) { store in
      let authority = try #require(store.authority)
      let device = store.registry.addDevice()
      try store.registry.addToken("deployer", [.deploy])
      try store.registry.addToken("reader", [.read])
      let posted = try await store.post(module(bytes: 20_000), to: device, headers: Self.bearer("deployer"))
      #expect(posted.status == 201, "\(posted.text)")
      try await body(store, device, authority)
    }
  }

  @Test func deployingTakesATokenThatMay() async throws {
    try await withDevice { store, device, authority in
      let wasm = module(bytes: 10_000)
      let digest = try SHA256Digest.of(wasm)
      let identity = RunningStore.client(authority, as: try authority.device("\(device)"))
      defer { identity.close() }
      for (method, path) in [
        ("POST", "/firmware/\(device)"), ("PUT", "/images/\(digest)"), ("PUT", "/debug/00112233"),
      ] {
        #expect(try await store.request(method, path, body: wasm).status == 401)
        let reader = try await store.request(method, path, headers: Self.bearer("reader"), body: wasm)
        #expect(reader.status == 403 && reader.problem == "missing-scope")
        let guess = try await store.request(method, path, headers: Self.bearer("guess"), body: wasm)
        #expect(guess.status == 401 && guess.problem == "unknown-token")
        // A device deploys nothing, not even to itself.
        #expect(try await store.request(method, path, body: wasm, by: identity).status == 401)
      }
      #expect(store.registry.versions(of: device).count == 1)
      #expect(
        try await store.request("PUT", "/images/\(digest)", headers: Self.bearer("deployer"), body: wasm).status == 201)
    }
  }

  @Test func theRegistryIsToldWhoDeployed() async throws {
    try await withDevice { store, device, _ in
      let assigned = try #require(store.registry.state.withLock { $0.assigned.last })
      #expect(assigned.requester.principal == "token:test" && assigned.requester.source == "127.0.0.1")
      let asked = try #require(store.registry.state.withLock { $0.authorized.last })
      #expect(asked.scope == "deploy" && asked.action == "upload-firmware" && asked.target == "device:\(device)")
    }
  }

  @Test func aDeviceDownloadsOnlyItsOwnFirmware() async throws {
    try await withDevice { store, device, authority in
      let other = store.registry.addDevice()
      let digest = try #require(
        store.registry.versions(of: device).first.flatMap { SHA256Digest(bytes: $0.image.digest) })
      let own = RunningStore.client(authority, as: try authority.device("\(device)"))
      let foreign = RunningStore.client(authority, as: try authority.device("\(other)"))
      let service = RunningStore.client(
        authority, as: try authority.issue("notifier", uris: ["urn:xtblish:service:notifier"]))
      defer { [own, foreign, service].forEach { $0.close() } }
      for version in ["1", "latest"] {
        let path = "/firmware/\(device)/\(version)"
        #expect(try await store.request("GET", path, by: own).status == 200)
        let refused = try await store.request("GET", path, by: foreign)
        #expect(refused.status == 403 && refused.problem == "other-device")
        #expect(try await store.request("HEAD", path, by: foreign).status == 403)
        #expect(try await store.request("GET", path).status == 401)
        // A service has no business with firmware.
        #expect(try await store.request("GET", path, by: service).status == 401)
        #expect(try await store.request("GET", path, headers: Self.bearer("reader")).status == 200)
      }
      // Another device's id in other letters is another device's still.
      let upper = try await store.request("GET", "/firmware/\(device.description.uppercased())/1", by: foreign)
      #expect(upper.status == 403)
      // By their digest images are for operators alone.
      #expect(try await store.request("GET", "/images/\(digest)", by: own).status == 401)
      #expect(try await store.request("GET", "/images/\(digest)", headers: Self.bearer("reader")).status == 200)
    }
  }

  @Test func aRevokedDeviceDownloadsNothing() async throws {
    try await withDevice { store, device, authority in
      let identity = try authority.device("\(device)")
      let client = RunningStore.client(authority, as: identity)
      defer { client.close() }
      #expect(try await store.request("GET", "/firmware/\(device)/1", by: client).status == 200)
      try store.revocations.replace(with: [authority.revocationList([identity], number: 2)])
      // Neither on the connection that it has nor on a new one.
      await #expect(throws: (any Error).self) { try await store.request("GET", "/firmware/\(device)/1", by: client) }
      await #expect(throws: (any Error).self) { try await store.request("GET", "/status", by: client) }
    }
  }

  /// Whoever does not know who is revoked can't tell that a device is not.
  @Test func devicesWaitWhileTheRevocationsAreUnknown() async throws {
    try await withDevice { store, device, authority in
      let client = RunningStore.client(authority, as: try authority.device("\(device)"))
      defer { client.close() }
      try store.revocations.replace(with: [authority.revocationList([], number: 2, from: -7_200, to: -3_600)])
      let refused = try await store.request("GET", "/firmware/\(device)/1", by: client)
      #expect(refused.status == 503 && refused.problem == "revocations-unknown" && refused["retry-after"] != nil)
      try store.revocations.replace(with: [authority.revocationList([], number: 3)])
      #expect(try await store.request("GET", "/firmware/\(device)/1", by: client).status == 200)
    }
  }

  @Test func aRegistryThatIsAwayLetsNobodyDeploy() async throws {
    try await withDevice { store, device, _ in
      store.registry.fail(WireAuthorizeRequest.self, .stoppedService)
      let refused = try await store.post(module(bytes: 9_000), to: device, headers: Self.bearer("deployer"))
      #expect(refused.status == 503 && refused.problem == "authorization-unavailable")
      #expect(store.registry.versions(of: device).count == 1)
    }
  }
}
