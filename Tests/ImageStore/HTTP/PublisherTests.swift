import Curl
import FirmwareImage
import Foundation
import Foundations
import ImageStoreServer
import OpenSSL
import RootDocument
import Synchronization
import TestPeers
import TestSupport
import Testing
import Wire

/// What an upload must prove about who built the app.
@Suite(.seated) struct PublisherTests {
  /// A publisher that a root document names for apps called "pump".
  private struct Party {
    let key: Ed25519.PrivateKey
    let root: SignedRootDocument

    init(apps: [String] = ["pump"]) throws {
      key = try Ed25519.PrivateKey()
      let rootKey = try Ed25519.PrivateKey()
      let document = try RootDocument(
        version: 1, expires: UTCTime("2099-01-01T00:00:00Z")!, threshold: 1,
        rootKeys: [TrustedKey(rootKey.publicKey())], directors: [TrustedKey(Ed25519.PrivateKey().publicKey())],
        publishers: [
          PublisherDelegation(key: TrustedKey(key.publicKey()), apps: .named(Set(apps.map { try AppLabel($0) })))
        ])
      root = try SignedRootDocument(unsigned: document).signed(by: rootKey)
    }

    func headers(
      _ wasm: [UInt8], name: String = "pump", version: String = "1.0", epoch: UInt32 = 0,
      by signer: Ed25519.PrivateKey? = nil
    ) throws -> [String: String] {
      let app = try AppDescription(
        wasmLength: UInt64(wasm.count), wasmDigest: SHA256Digest.of(wasm), securityEpoch: epoch, hostAPILevel: 1,
        name: AppLabel(name), version: AppLabel(version))
      let key = signer ?? key
      return [
        "X-App-Name": name, "X-App-Version": version, "X-Security-Epoch": "\(epoch)",
        "X-Publisher-Key": Hexadecimal.encode(try key.publicKey().rawRepresentation),
        "X-Publisher-Signature": Hexadecimal.encode(try app.signed(by: key).signature),
      ]
    }
  }

  private func with(
    _ policy: PublisherPolicy = .required, party: Party,
    _ body: @escaping @Sendable (RunningStore, DeviceID) async throws -> Void
  ) async throws {
    try await RunningStore.with(publishers: policy) { store in
      store.registry.state.withLock { $0.rootDocument = party.root.encoded }
      try await body(store, store.registry.addDevice())
    }
  }

  @Test func aSignedUploadIsAssignedWithItsSignature() async throws {
    let party = try Party()
    try await with(party: party) { store, device in
      let wasm = module(bytes: 5_000, seed: 1)
      let posted = try await store.post(wasm, to: device, headers: party.headers(wasm, epoch: 3))
      #expect(posted.status == 201, "\(posted.json)")
      let image = try #require(store.registry.versions(of: device).first?.image)
      #expect(image.securityEpoch == 3)
      #expect(Array(image.publisherKeyID) == (try KeyID(of: party.key.publicKey()).bytes))
    }
  }

  @Test func anUploadThatDevicesWouldRefuseIsRefusedWithItsReason() async throws {
    let party = try Party()
    try await with(party: party) { store, device in
      let wasm = module(bytes: 5_000, seed: 1)
      let stranger = try Ed25519.PrivateKey()
      let good = try party.headers(wasm)
      let cases: [([String: String], String)] = [
        ([:], "image-publisher-signature-missing"),
        (try party.headers(wasm, by: stranger), "image-publisher-key-unknown"),
        (try party.headers(wasm, name: "valve"), "image-publisher-not-delegated"),
        (try party.headers(wasm, name: ""), "image-publisher-not-delegated"),
        (good.merging(["X-App-Version": "2.0"]) { $1 }, "publisher-signature-wrong"),
        (good.merging(["X-Security-Epoch": "1"]) { $1 }, "publisher-signature-wrong"),
        (try party.headers(module(bytes: 5_000, seed: 2)), "publisher-signature-wrong"),
        // Only the key's ID: the key itself comes from the root document.
        (
          good.merging([
            "X-Publisher-Key": try KeyID(of: party.key.publicKey()).description, "X-App-Version": "2.0",
          ]) { $1 }, "image-publisher-signature-wrong"
        ),
      ]
      for (headers, reason) in cases {
        let response = try await store.post(wasm, to: device, headers: headers)
        #expect(response.status == 422)
        #expect(response.problem == reason)
        #expect(store.files.isEmpty, "\(reason)")
      }
      #expect(store.registry.calls(WireAssignImage.self) == 0)
    }
  }

  /// A stranger's upload costs no disk: its body is not taken.
  @Test func anUnknownKeyIsRefusedBeforeTheBody() async throws {
    let party = try Party()
    try await with(party: party) { store, device in
      let wasm = module(bytes: 5_000, seed: 1)
      _ = try await store.post(wasm, to: device, headers: party.headers(wasm, by: Ed25519.PrivateKey()))
      _ = try await store.post(wasm, to: device, headers: party.headers(wasm, name: "valve"))
      #expect(store.files.isEmpty)
    }
  }

  @Test func theHeaderOfAWholeImageCounts() async throws {
    let party = try Party()
    try await with(party: party) { store, device in
      let wasm = module(bytes: 5_000, seed: 3)
      func image(by key: Ed25519.PrivateKey?) throws -> [UInt8] {
        let app = try AppDescription(
          wasmLength: UInt64(wasm.count), wasmDigest: SHA256Digest.of(wasm), hostAPILevel: 1, name: AppLabel("pump"))
        let manifest = try ImageManifest(firmwareVersion: 1, app: app, publisher: key.map { try app.signed(by: $0) })
        let configuration = ImageConfiguration(device: device, manifest: manifest).encoded()
        return try SHA256Digest.of(configuration + wasm).bytes + configuration + wasm
      }
      #expect(try await store.post(image(by: party.key), to: device).status == 201)
      #expect(try await store.post(image(by: nil), to: device).problem == "image-publisher-signature-missing")
      let stranger = try Ed25519.PrivateKey()
      #expect(try await store.post(image(by: stranger), to: device).problem == "image-publisher-key-unknown")
      // What the headers say of the app is not what its publisher signed.
      let mixed = try await store.post(image(by: party.key), to: device, headers: ["X-App-Version": "9"])
      #expect(mixed.problem == "image-publisher-signature-wrong")
    }
  }

  @Test(arguments: [
    ("X-Security-Epoch", "-1"), ("X-Security-Epoch", "4294967296"), ("X-Security-Epoch", "1e3"),
    ("X-Security-Epoch", "01"), ("X-Publisher-Key", "zz"), ("X-Publisher-Key", ""),
    ("X-Publisher-Key", "0000000000000000"), ("X-Publisher-Signature", "00"),
    ("X-Publisher-Signature", String(repeating: "0", count: 128)),
    ("X-Publisher-Signature", String(repeating: "f", count: 4_000)), ("X-App-Name", "a\u{7F}b"),
    ("X-App-Name", String(repeating: "x", count: 33)),
  ])
  func hostileHeadersAreRefused(name: String, value: String) async throws {
    let party = try Party()
    try await with(party: party) { store, device in
      let wasm = module(bytes: 1_000, seed: 1)
      let headers = try party.headers(wasm).merging([name: value]) { $1 }
      let response = try await store.post(wasm, to: device, headers: headers)
      #expect(response.status == 400, "\(response.json)")
      #expect(store.registry.calls(WireAssignImage.self) == 0)
    }
  }

  /// A root document that is newer than the one remembered is asked for when a key is not known.
  @Test func aNewlyNamedPublisherIsTakenAtOnce() async throws {
    let (old, new) = (try Party(), try Party())
    try await with(party: old) { store, device in
      let wasm = module(bytes: 1_000, seed: 1)
      let first = try await store.post(wasm, to: device, headers: old.headers(wasm))
      #expect(first.status == 201)
      store.registry.state.withLock { $0.rootDocument = new.root.encoded }
      let second = try await store.post(wasm, to: device, headers: new.headers(wasm))
      #expect(second.status == 201)
    }
  }

  @Test func withoutARootDocumentNothingIsTaken() async throws {
    let party = try Party()
    try await with(party: party) { store, device in
      store.registry.state.withLock { $0.rootDocument = nil }
      let wasm = module(bytes: 1_000, seed: 1)
      let response = try await store.post(wasm, to: device, headers: party.headers(wasm))
      #expect(response.problem == "no-root-document")
    }
  }

  @Test func aRegistryThatDoesNotAnswerIsNoRefusal() async throws {
    let party = try Party()
    try await with(party: party) { store, device in
      store.registry.fail(WireGetRootDocument.self, .stoppedService)
      let wasm = module(bytes: 1_000, seed: 1)
      let response = try await store.post(wasm, to: device, headers: party.headers(wasm))
      #expect(response.status == 503)
      #expect(response["retry-after"] != nil)
    }
  }

  @Test func whereNobodyIsRequiredASignatureMustStillBeGood() async throws {
    let party = try Party()
    try await with(.optional, party: party) { store, device in
      let wasm = module(bytes: 1_000, seed: 1)
      #expect(try await store.post(wasm, to: device).status == 201)
      let stranger = try await store.post(wasm, to: device, headers: party.headers(wasm, by: Ed25519.PrivateKey()))
      #expect(stranger.problem == "image-publisher-key-unknown")
    }
  }

  @Test func theCommandsMakeKeysAndSignUploads() async throws {
    let folder = try TemporaryFolder("publisher")
    func run(_ arguments: [String]) async throws -> (status: ProcessEnding, output: String) {
      let child = try ChildProcess(product("xtblish-image-store"), arguments, inheritsEnvironment: false)
      return (try await child.waitForExit(), child.output)
    }
    let (key, file) = ("\(folder.path)/publisher.key", "\(folder.path)/app.wasm")
    #expect(try await run(["keygen", "--out", key]).status == .exited(0))
    #expect(try await run(["keygen", "--out", key]).status == .exited(65))
    let wasm = module(bytes: 2_000, seed: 4)
    try Data(wasm).write(to: URL(filePath: file))
    let signed = try await run([
      "sign", file, "--key", key, "--name", "pump", "--app-version", "1.0", "--epoch", "2",
    ])
    #expect(signed.status == .exited(0), "\(signed.output)")
    let rootKey = try Ed25519.PrivateKey()
    let document = try RootDocument(
      version: 1, expires: UTCTime("2099-01-01T00:00:00Z")!, threshold: 1, rootKeys: [TrustedKey(rootKey.publicKey())],
      directors: [TrustedKey(Ed25519.PrivateKey().publicKey())],
      publishers: [PublisherDelegation(key: SigningKeyFile.readPublic(key + ".pub"), apps: .any)])
    let root = try SignedRootDocument(unsigned: document).signed(by: rootKey)
    let program = try product("xtblish-image-store")
    try await RunningStore.with(publishers: .required) { store in
      store.registry.state.withLock { $0.rootDocument = root.encoded }
      let device = store.registry.addDevice()
      // As docs/signing.md says, with curl alone.
      let curl = try ChildProcess(
        "curl",
        [
          "--silent", "--show-error", "--header", "@\(file).headers", "--data-binary", "@\(file)",
          "\(store.url)/firmware/\(device)",
        ])
      #expect(try await curl.waitForExit() == .exited(0))
      #expect(store.registry.versions(of: device).first?.image.securityEpoch == 2, "\(curl.output)")
      for options in [["--headers", "\(file).headers"], ["--sign-key", key, "--name", "valve", "--epoch", "4"]] {
        let push = try ChildProcess(
          program, ["push", file, "--device", device.description, "--url", store.url] + options,
          inheritsEnvironment: false)
        #expect(try await push.waitForExit() == .exited(0), "\(push.output)")
      }
      #expect(store.registry.versions(of: device).map(\.image.appName) == ["pump", "pump", "valve"])
      let unsigned = try ChildProcess(
        program, ["push", file, "--device", device.description, "--url", store.url], inheritsEnvironment: false)
      #expect(try await unsigned.waitForExit() == .exited(65))
      #expect(unsigned.output.contains("--sign-key"))
    }
  }
}
