import FirmwareImage
import Foundation
package import Foundations
package import Messaging
import OpenSSL
import SwiftProtobuf
import Testing
import Wire

/// A Registry as image stores see it.
package struct RegistryOfImages: Sendable {
  let registry: any RPCCaller
  /// Makes a device that was never given anything.
  let makeDevice: @Sendable () async throws -> DeviceID
  /// Makes a token with these scopes, and returns its secret.
  let makeToken: @Sendable (_ scopes: [String]) async throws -> String

  package init(
    _ registry: any RPCCaller, makeDevice: @escaping @Sendable () async throws -> DeviceID,
    makeToken: @escaping @Sendable (_ scopes: [String]) async throws -> String
  ) {
    self.registry = registry
    self.makeDevice = makeDevice
    self.makeToken = makeToken
  }

  package static let contract: [Promise<RegistryOfImages>] = assignments + knowledge + operators

  func image(_ number: Int) throws -> WireAppImage {
    var image = WireAppImage()
    image.digest = Data(try SHA256Digest.of("app \(number)".utf8).bytes)
    image.lengthBytes = 100_000
    image.appName = "pump"
    image.appVersion = "1.\(number)"
    image.hostApiLevel = 1
    return image
  }

  @discardableResult
  func assign(
    _ number: Int, to device: DeviceID, key: String, token: String = ""
  ) async throws -> WireAssignImageResponse {
    var request = WireAssignImage()
    request.deviceID = Data(device.bytes)
    request.image = try image(number)
    request.idempotencyKey = key
    request.bearerToken = token
    return try await registry.ask(request)
  }

  func check(_ number: Int, for device: DeviceID, key: String, token: String = "") async throws {
    var request = WireCheckAssignment()
    request.deviceID = Data(device.bytes)
    request.image = try image(number)
    request.idempotencyKey = key
    request.bearerToken = token
    _ = try await registry.ask(request)
  }

  /// - Parameter version: 0: the newest.
  @discardableResult
  func find(_ device: DeviceID, version: UInt64) async throws -> WireFirmware {
    var request = WireFindFirmware()
    request.deviceID = Data(device.bytes)
    request.version = version
    return try await registry.ask(request)
  }

  @discardableResult
  func document(of device: DeviceID) async throws -> WireDevice {
    try await registry.ask(WireGetDevice.with { $0.id = Data(device.bytes) })
  }

  func record(_ status: String, of version: UInt64, by device: DeviceID) async throws {
    var request = WireRecordPolledStatus()
    request.deviceID = Data(device.bytes)
    request.version = version
    request.status = status
    _ = try await registry.ask(request)
  }

  func authorize(_ token: String, for scope: String) async throws -> WireAuthorizeRequestResponse {
    var request = WireAuthorizeRequest()
    request.bearerToken = token
    request.tokenHash = Data(try SHA256.digest(of: Array(token.utf8)))
    request.scope = scope
    return try await registry.ask(request)
  }

  private static let assignments: [Promise<RegistryOfImages>] = [
    Promise(name: "an image becomes the device's next version, and its configuration says so") { peer in
      let device = try await peer.makeDevice()
      for number in 1...2 {
        let answer = try await peer.assign(number, to: device, key: "\(number)")
        #expect(answer.version == UInt64(number) && !answer.repeated)
        let configuration = try ImageConfiguration(decoding: answer.configuration)
        #expect(configuration.device == device)
        #expect(configuration.manifest?.firmwareVersion == UInt64(number))
        #expect(configuration.manifest?.app.wasmDigest == SHA256Digest(bytes: try peer.image(number).digest))
      }
    },
    Promise(name: "a repeat with its key answers the first version, also after a newer one") { peer in
      let device = try await peer.makeDevice()
      let first = try await peer.assign(1, to: device, key: "a")
      try await peer.assign(2, to: device, key: "b")
      try await peer.check(1, for: device, key: "a")
      let again = try await peer.assign(1, to: device, key: "a")
      #expect(again.version == 1 && again.repeated && again.configuration == first.configuration)
      #expect(try await peer.find(device, version: 0).version == 2)
    },
    Promise(name: "a key that went with another image is refused, and makes no version") { peer in
      let device = try await peer.makeDevice()
      try await peer.assign(1, to: device, key: "a")
      await expectRefusal(.conflict, "idempotency-key-reused") { try await peer.check(2, for: device, key: "a") }
      await expectRefusal(.conflict, "idempotency-key-reused") { try await peer.assign(2, to: device, key: "a") }
      #expect(try await peer.find(device, version: 0).version == 1)
    },
    Promise(name: "the same key of another device is another key") { peer in
      let devices = [try await peer.makeDevice(), try await peer.makeDevice()]
      for (number, device) in devices.enumerated() {
        #expect(try await peer.assign(number, to: device, key: "a").version == 1)
      }
    },
    Promise(name: "a check makes no version") { peer in
      let device = try await peer.makeDevice()
      try await peer.check(1, for: device, key: "a")
      await expectRefusal(.notFound, "no-firmware") { try await peer.find(device, version: 0) }
    },
    Promise(name: "an image that could be none is refused") { peer in
      let device = try await peer.makeDevice()
      var request = WireAssignImage()
      request.deviceID = Data(device.bytes)
      request.idempotencyKey = "a"
      request.image = try peer.image(1)
      request.image.digest = Data([1, 2, 3])
      await expectRefusal(.invalid, "invalid-digest") { _ = try await peer.registry.ask(request) }
    },
    Promise(name: "a token that may not deploy is refused") { peer in
      let device = try await peer.makeDevice()
      let (reader, deployer) = (try await peer.makeToken(["read"]), try await peer.makeToken(["deploy"]))
      for (token, reason) in [("nobodys", "unknown-token"), (reader, "missing-scope")] {
        await expectRefusal(.permissionDenied, reason) {
          try await peer.check(1, for: device, key: "a", token: token)
        }
        await expectRefusal(.permissionDenied, reason) {
          try await peer.assign(1, to: device, key: "a", token: token)
        }
      }
      #expect(try await peer.assign(1, to: device, key: "a", token: deployer).version == 1)
    },
  ]

  private static let knowledge: [Promise<RegistryOfImages>] = [
    Promise(name: "a version is found by its number, and the newest without one") { peer in
      let device = try await peer.makeDevice()
      for number in 1...2 { try await peer.assign(number, to: device, key: "\(number)") }
      #expect(try await peer.find(device, version: 1).image.digest == peer.image(1).digest)
      #expect(try await peer.find(device, version: 0).version == 2)
      await expectRefusal(.notFound, "unknown-firmware") { try await peer.find(device, version: 3) }
    },
    Promise(name: "a device's document names the version that it should run") { peer in
      let device = try await peer.makeDevice()
      #expect(try await !peer.document(of: device).hasDesired)
      for number in 1...2 { try await peer.assign(number, to: device, key: "\(number)") }
      let document = try await peer.document(of: device)
      #expect(document.desired.version == 2)
      #expect(document.desired.digest == (try peer.image(2).digest))
    },
    Promise(name: "what a device said at the polling door is in its document") { peer in
      let device = try await peer.makeDevice()
      for number in 1...2 { try await peer.assign(number, to: device, key: "\(number)") }
      for _ in 0..<2 { try await peer.record("confirmed", of: 1, by: device) }
      var reported = try await peer.document(of: device).reported
      #expect(reported.version == 1 && reported.status == "confirmed" && !reported.hasFailed)
      try await peer.record("rolled-back", of: 2, by: device)
      reported = try await peer.document(of: device).reported
      #expect(reported.version == 1 && reported.status == "rolled-back" && reported.failed.version == 2)
      await expectRefusal(.notFound, "unknown-firmware") { try await peer.record("confirmed", of: 3, by: device) }
      await expectRefusal(.invalid, "invalid-status") { try await peer.record("happy", of: 1, by: device) }
      await expectRefusal(.invalid, "invalid-version") { try await peer.record("confirmed", of: 0, by: device) }
    },
    Promise(name: "a device that nobody made is unknown, and an ID that is none is refused") { peer in
      let stranger = DeviceID.random()
      await expectRefusal(.notFound, "unknown-device") { try await peer.assign(1, to: stranger, key: "a") }
      await expectRefusal(.notFound, "unknown-device") { try await peer.check(1, for: stranger, key: "a") }
      await expectRefusal(.notFound, "unknown-device") { try await peer.find(stranger, version: 0) }
      await expectRefusal(.notFound, "unknown-device") { try await peer.find(stranger, version: 1) }
      await expectRefusal(.notFound, "unknown-device") { try await peer.document(of: stranger) }
      await expectRefusal(.notFound, "unknown-device") { try await peer.record("confirmed", of: 1, by: stranger) }
      await expectRefusal(.invalid, "invalid-device-id") {
        _ = try await peer.registry.ask(WireGetDevice.with { $0.id = Data([1]) })
      }
    },
    Promise(name: "without a root document there is none") { peer in
      await expectRefusal(.notFound, "unknown-root-document") {
        _ = try await peer.registry.ask(WireGetRootDocument())
      }
    },
  ]

  private static let operators: [Promise<RegistryOfImages>] = [
    Promise(name: "a token lets do what its scopes say, and a refusal is an answer with its reason") { peer in
      let token = try await peer.makeToken(["read", "deploy"])
      let allowed = try await peer.authorize(token, for: "deploy")
      #expect(!allowed.principal.isEmpty && allowed.reason.isEmpty && Set(allowed.scopes) == ["read", "deploy"])
      #expect(try await !peer.authorize(token, for: "read").principal.isEmpty)
      let tooMuch = try await peer.authorize(token, for: "admin")
      #expect(tooMuch.principal.isEmpty && tooMuch.reason == "missing-scope")
      let unknown = try await peer.authorize("nobodys", for: "read")
      #expect(unknown.principal.isEmpty && unknown.reason == "unknown-token")
      await expectRefusal(.invalid, "invalid-scope") { _ = try await peer.authorize(token, for: "everything") }
    }
  ]
}
