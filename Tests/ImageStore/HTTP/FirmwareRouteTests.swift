import Curl
import FirmwareImage
import Foundation
import Foundations
import OpenSSL
import TestSupport
import Testing
import Wire

@testable import ImageStoreServer

@Suite(.seated) struct FirmwareRouteTests {
  @Test func aPostedModuleIsAssignedAndFetchedAsAnImage() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      let wasm = module(bytes: 300_000)
      let digest = try SHA256Digest.of(wasm)
      let posted = try await store.post(
        wasm, to: device, headers: ["X-App-Name": "pump", "X-App-Version": "1.2"])
      #expect(posted.status == 201)
      #expect(posted["location"] == "/firmware/\(device)/1")
      #expect(posted.json["device"] as? String == device.description)
      #expect(posted.json["version"] as? Int == 1)
      #expect(posted.json["digest"] as? String == digest.description)
      #expect(posted.json["size"] as? Int == 300_544)

      for version in ["1", "latest"] {
        let fetched = try await store.request("GET", "/firmware/\(device)/\(version)")
        #expect(fetched.status == 200)
        #expect(fetched["content-length"] == "300544")
        #expect(fetched["accept-ranges"] == "bytes")
        #expect(fetched["content-location"] == "/firmware/\(device)/1")
        let image = try VerifiedImage.verifying(fetched.body, for: device, trust: .unsigned())
        #expect(image.content == .bytes(wasm))
        #expect(image.configuration.manifest?.firmwareVersion == 1)
        #expect(image.configuration.manifest?.app.name.text == "pump")
        #expect(image.configuration.manifest?.app.version.text == "1.2")
        #expect(image.configuration.manifest?.app.hostAPILevel == 1)
        #expect(fetched["etag"] == "\"\(image.header.hash.hex)\"")
      }
      let bare = try await store.request("GET", "/images/\(digest)")
      #expect(bare.body == wasm)
    }
  }

  @Test func aWholeImageIsCheckedAndItsFieldsGoOn() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      let wasm = module(bytes: 100_000, seed: 2)
      let app = try AppDescription(
        wasmLength: 100_000, wasmDigest: SHA256Digest.of(wasm), securityEpoch: 9, hostAPILevel: 1,
        name: AppLabel("valve"), version: AppLabel("7"))
      let key = try Ed25519.PrivateKey()
      let configuration = ImageConfiguration(
        device: device,
        manifest: try ImageManifest(firmwareVersion: 77, app: app, publisher: app.signed(by: key)))
      let posted = try await store.post(wholeImage(configuration, wasm), to: device)
      #expect(posted.status == 201)
      #expect(posted.json["version"] as? Int == 1)
      let image = try await VerifiedImage.verifying(
        store.request("GET", "/firmware/\(device)/1").body, for: device, trust: .unsigned())
      #expect(image.configuration.manifest?.app == app)
      #expect(image.configuration.manifest?.firmwareVersion == 1)
      try image.configuration.verifyPublisher(trusting: [key.publicKey()])
      // Only the wasm is kept, under its own digest.
      #expect(store.files == ["images/\(app.wasmDigest.hex.prefix(2))/\(app.wasmDigest.hex)"])

      let plain = try await store.post(wholeImage(.plain(device: device), wasm), to: device)
      #expect(plain.status == 201)
    }
  }

  @Test func wrongWholeImagesLeaveNothing() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      let other = store.registry.addDevice()
      let wasm = module(bytes: 50_000, seed: 3)
      let good = try wholeImage(.plain(device: device), wasm)
      var wrongHash = good
      wrongHash[0] ^= 1
      var wrongContent = good
      wrongContent[good.count - 1] ^= 1
      var wrongMagic = good
      wrongMagic[545] ^= 1
      var wrongReserved = good
      wrongReserved[100] = 1
      let cases: [([UInt8], String, Int)] = [
        (wrongHash, "image-hash-mismatch", 422),
        (wrongContent, "image-hash-mismatch", 422),
        (wrongMagic, "not-webassembly", 415),
        (wrongReserved, "image-reserved-area", 422),
        (Array(good.dropLast(10)), "image-hash-mismatch", 422),
        (try wholeImage(.plain(device: other), wasm), "image-device-mismatch", 422),
      ]
      for (body, reason, status) in cases {
        let response = try await store.post(body, to: device)
        #expect(response.problem == reason)
        #expect(response.status == status)
      }
      #expect(store.registry.calls(WireAssignImage.self) == 0)
      #expect(store.files.isEmpty)
    }
  }

  @Test func aRepeatWithItsKeyIsTheSameVersion() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      let wasm = module(bytes: 10_000)
      let first = try await store.post(wasm, to: device, headers: ["Idempotency-Key": "k1"])
      let again = try await store.post(wasm, to: device, headers: ["Idempotency-Key": "k1"])
      let other = try await store.post(wasm, to: device, headers: ["Idempotency-Key": "k2"])
      let without = try await store.post(wasm, to: device)
      #expect([first, again, other, without].map(\.status) == [201, 201, 201, 201])
      #expect([first, again, other, without].compactMap { $0.json["version"] as? Int } == [1, 1, 2, 3])
      // One that the store made up is told, so that the client can repeat too.
      #expect(without["idempotency-key"]?.count == 32)

      let reused = try await store.post(
        module(bytes: 10_000, seed: 5), to: device, headers: ["Idempotency-Key": "k1"])
      #expect(reused.status == 409)
      #expect(reused.problem == "idempotency-key-reused")
      #expect(store.registry.versions(of: device).count == 3)
    }
  }

  @Test func aRegistryThatIsDownKeepsTheBlobAndARepeatWorks() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      let wasm = module(bytes: 10_000)
      let down = WireFailure(.unavailable, reason: "no-server", message: "no Registry", retryAfterMilliseconds: 2_500)
      store.registry.fail(WireGetDevice.self, down)
      store.registry.fail(WireAssignImage.self, down)
      let refused = try await store.post(wasm, to: device)
      #expect(refused.status == 503)
      #expect(refused.problem == "registry-unavailable")
      #expect(refused["retry-after"] == "3")
      let key = try #require(refused.json["idempotencyKey"] as? String)
      #expect(store.files.count == 1)

      store.registry.fail(WireGetDevice.self, nil)
      store.registry.fail(WireAssignImage.self, nil)
      let again = try await store.post(wasm, to: device, headers: ["Idempotency-Key": key])
      #expect(again.status == 201)
      #expect(store.registry.versions(of: device).count == 1)

      store.registry.fail(WireFindFirmware.self, down)
      let latest = try await store.request("GET", "/firmware/\(device)/latest")
      #expect(latest.status == 503)
      #expect(latest["retry-after"] == "3")
      // A version stays what it is, so it is served without asking.
      #expect(try await store.request("GET", "/firmware/\(device)/1").status == 200)
    }
  }

  @Test func aRegistryWithoutItsDirectorsKeySaysSoItself() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      store.registry.fail(
        WireAssignImage.self,
        WireFailure(.unavailable, reason: "director-key-missing", message: "The director's key can't be used here."))
      let refused = try await store.post(module(bytes: 10_000), to: device)
      #expect(refused.status == 503)
      #expect(refused.problem == "director-key-missing")
      #expect((refused.json["detail"] as? String)?.contains("director's key") == true)
    }
  }

  @Test func publishersSignaturesAreChecked() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      let wasm = module(bytes: 10_000)
      let key = try Ed25519.PrivateKey()
      let app = try AppDescription(
        wasmLength: 10_000, wasmDigest: SHA256Digest.of(wasm), hostAPILevel: 1, name: AppLabel("pump"))
      let signature = try app.signed(by: key)
      let publicKey = try key.publicKey().rawRepresentation
      let headers = [
        "X-App-Name": "pump", "X-Publisher-Key": Hexadecimal.encode(publicKey),
        "X-Publisher-Signature": Data(signature.signature).base64EncodedString(),
      ]
      #expect(try await store.post(wasm, to: device, headers: headers).status == 201)
      let fetched = try await store.request("GET", "/firmware/\(device)/1").body
      try VerifiedImage.verifying(fetched, for: device, trust: .unsigned()).configuration.verifyPublisher(trusting: [
        key.publicKey()
      ])

      let byID = headers.merging(["X-Publisher-Key": signature.keyID.description]) { $1 }
      #expect(try await store.post(wasm, to: device, headers: byID).status == 201)
      let otherName = headers.merging(["X-App-Name": "pump2"]) { $1 }
      #expect(try await store.post(wasm, to: device, headers: otherName).problem == "publisher-signature-wrong")
      let withoutKey = headers.filter { $0.key != "X-Publisher-Key" }
      #expect(try await store.post(wasm, to: device, headers: withoutKey).problem == "invalid-header")
      #expect(store.registry.versions(of: device).count == 2)
    }
  }

  @Test func rangesAndConditionsOfAnImage() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      let wasm = module(bytes: 1_000_000, seed: 8)
      _ = try await store.post(wasm, to: device)
      let path = "/firmware/\(device)/1"
      let whole = try await store.request("GET", path)
      let image = whole.body
      let tag = try #require(whole["etag"])
      for (range, expected) in [
        ("bytes=0-0", 0..<1), ("bytes=500-600", 500..<601), ("bytes=543-544", 543..<545),
        ("bytes=544-", 544..<1_000_544),
        ("bytes=-10", 1_000_534..<1_000_544), ("bytes=262143-600000", 262_143..<600_001),
      ] {
        let part = try await store.request("GET", path, headers: ["Range": range, "If-Range": tag])
        #expect(part.status == 206)
        #expect(part["content-range"] == "bytes \(expected.lowerBound)-\(expected.upperBound - 1)/1000544")
        #expect(part.body == Array(image[expected]))
      }
      let behind = try await store.request("GET", path, headers: ["Range": "bytes=1000544-"])
      #expect(behind.status == 416)
      #expect(behind["content-range"] == "bytes */1000544")
      #expect(behind.problem == "range-not-satisfiable")
      let changed = try await store.request("GET", path, headers: ["Range": "bytes=0-9", "If-Range": "\"x\""])
      #expect(changed.status == 200 && changed.body == image)
      let known = try await store.request("GET", path, headers: ["If-None-Match": tag])
      // A restored database may give the version's number to another image.
      #expect(whole["cache-control"] == "private, no-cache")
      #expect(known.status == 304 && known.body.isEmpty && known["etag"] == tag)
      let head = try await store.request("HEAD", path)
      #expect(head.status == 200 && head.body.isEmpty)
      #expect(head["content-length"] == "1000544" && head["etag"] == tag)
      #expect(try await store.request("GET", path, headers: ["If-Match": "\"x\""]).status == 412)
    }
  }

  @Test func aDamagedImageIsNeverServed() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      let wasm = module(bytes: 200_000)
      let digest = try SHA256Digest.of(wasm)
      _ = try await store.post(wasm, to: device)
      #expect(try await store.request("GET", "/firmware/\(device)/1").status == 200)
      var damaged = wasm
      damaged[150_000] ^= 4
      try Data(damaged).write(to: URL(filePath: store.path(of: digest)))
      for path in ["/firmware/\(device)/1", "/firmware/\(device)/latest", "/images/\(digest)"] {
        let response = try await store.request("GET", path)
        #expect(response.status == 500)
        #expect(response.problem == "image-corrupted")
      }
      // The upload that repairs it.
      #expect(try await store.post(wasm, to: device).status == 201)
      #expect(try await store.request("GET", "/images/\(digest)").body == wasm)
    }
  }

  @Test func aMissingBlobIsCalledMissing() async throws {
    try await RunningStore.with { store in
      let device = store.registry.addDevice()
      let wasm = module(bytes: 20_000)
      _ = try await store.post(wasm, to: device)
      try FileManager.default.removeItem(atPath: store.path(of: SHA256Digest.of(wasm)))
      let response = try await store.request("GET", "/firmware/\(device)/1")
      #expect(response.status == 404)
      #expect(response.problem == "image-missing")
    }
  }

  private func wholeImage(_ configuration: ImageConfiguration, _ wasm: [UInt8]) throws -> [UInt8] {
    let rest = configuration.encoded() + wasm
    return try SHA256Digest.of(rest).bytes + rest
  }
}
