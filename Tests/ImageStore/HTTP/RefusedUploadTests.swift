import Authorization
import Curl
import FirmwareImage
import Foundation
import Foundations
import Synchronization
import TestPeers
import TestSupport
import Testing
import Wire

@testable import ImageStoreServer

/// Of an upload that is refused nothing is kept, and nothing is taken that another one needs.
@Suite(.seated, .timeLimit(.minutes(10))) struct RefusedUploadTests {
  private static let conflict = WireFailure(.conflict, reason: "device-decommissioned", message: "out of service")
  private static let unknownKind = WireFailure(.unsupported, reason: "unknown-kind", message: "what is that?")

  @Test func whatTheRegistryWouldRefuseIsNeverStored() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      store.registry.fail(WireCheckAssignment.self, Self.conflict)
      let refused = try await store.post(module(bytes: 50_000, seed: 1), to: device)
      #expect(refused.status == 409 && refused.problem == "device-decommissioned", "\(refused.json)")
      #expect(store.files.isEmpty)
      #expect(store.registry.calls(WireAssignImage.self) == 0)
    }
  }

  @Test func aRegistryThatCannotBeAskedBeforeIsNoRefusal() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      for failure in [Self.unknownKind, .stoppedService] {
        store.registry.fail(WireCheckAssignment.self, failure)
        let answer = try await store.post(module(bytes: 5_000, seed: 1), to: device)
        #expect(answer.status == 201)
      }
    }
  }

  /// As it is with a Registry of the release before, or when a device goes out of service at that very moment.
  @Test func whatIsRefusedAfterItWasStoredIsTakenAway() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      store.registry.fail(WireCheckAssignment.self, Self.unknownKind)
      store.registry.fail(WireAssignImage.self, Self.conflict)
      let wasm = module(bytes: 50_000, seed: 1)
      #expect(try await store.post(wasm, to: device).status == 409)
      #expect(store.files.isEmpty)
      // What was stored for itself stays.
      let digest = try SHA256Digest.of(wasm)
      #expect(try await store.request("PUT", "/images/\(digest)", body: wasm).status == 201)
      #expect(try await store.post(wasm, to: device).status == 409)
      #expect(try await store.request("GET", "/images/\(digest)").body == wasm)
    }
  }

  /// The client comes again, and need not bring the bytes twice in vain.
  @Test func whatCouldNotBeAssignedYetStays() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      store.registry.fail(WireAssignImage.self, .stoppedService)
      let answer = try await store.post(module(bytes: 5_000, seed: 1), to: device)
      #expect(answer.status == 503)
      #expect(store.files.count == 1)
    }
  }

  /// Two bring the same bytes at once. One is refused after they were stored; the other must find them.
  @Test func aRefusedUploadTakesNothingFromAnotherOfTheSameBytes() async throws {
    try await RunningStore.with { store in
      store.registry.fail(WireCheckAssignment.self, Self.unknownKind)
      for round in 0..<20 {
        let (refused, welcome) = (store.registry.addDevice(), store.registry.addDevice())
        let wasm = module(bytes: 20_000, seed: UInt64(100 + round))
        let digest = try SHA256Digest.of(wasm)
        store.registry.hold(refused)
        async let first = store.post(wasm, to: refused)
        try await eventually("the first upload's bytes") {
          FileManager.default.fileExists(atPath: store.path(of: digest))
        }
        async let second = store.post(wasm, to: welcome)
        // The first is refused while the second is under way, early in one round and late in another.
        try await eventually("the second upload") { store.registry.calls(WireGetDevice.self) >= 2 * (round + 1) }
        store.registry.state.withLock { _ = $0.devices.remove(refused) }
        store.registry.release(refused)
        #expect(try await first.status == 404)
        #expect(try await second.status == 201)
        #expect(try await store.request("GET", "/firmware/\(welcome)/1").body.count == wasm.count + 544)
      }
    }
  }

  @Test func theTokenGoesToWhoeverDecidesByIt() async throws {
    try await RunningStore.with(isSecure: true) { store in
      try store.registry.addToken("deploy-token", [.deploy])
      let device = store.registry.addDevice()
      let headers = ["Authorization": "Bearer deploy-token"]
      #expect(try await store.post(module(bytes: 5_000, seed: 1), to: device, headers: headers).status == 201)
      let (checked, assigned, authorized) = store.registry.state.withLock { ($0.checked, $0.assigned, $0.authorized) }
      #expect(checked.map(\.bearerToken) == ["deploy-token"])
      #expect(checked.map(\.source) == ["127.0.0.1"])
      #expect(assigned.map(\.bearerToken) == ["deploy-token"])
      #expect(assigned.map(\.idempotencyKey) == checked.map(\.idempotencyKey))
      #expect(authorized.map(\.bearerToken) == ["deploy-token"])
      let token = PresentedToken(text: "deploy-token", hash: [])
      var shown = "\(token) \(String(reflecting: token))"
      dump(token, to: &shown)
      #expect(!shown.contains("deploy-token"))
    }
  }
}
