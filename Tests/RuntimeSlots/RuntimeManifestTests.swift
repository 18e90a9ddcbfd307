import OpenSSL
import TestSupport
import Testing

@testable import RuntimeBundle

@Suite(.seated) struct RuntimeManifestTests {
  @Test func versionsAreThreeNumbersAndNothingElse() {
    #expect(RuntimeVersion("1.2.30")?.description == "1.2.30")
    #expect(RuntimeVersion("1.2.9")! < RuntimeVersion("1.2.10")! && RuntimeVersion("0.9.9")! < RuntimeVersion("1.0.0")!)
    for text in ["", "1", "1.2", "1.2.3.4", "1.2.x", "01.2.3", "1.2.65536", "+1.2.3", "1..3", "1.2.3-rc"] {
      #expect(RuntimeVersion(text) == nil, "\(text)")
    }
  }

  @Test func whatWasEncodedIsRead() throws {
    let key = try Ed25519.PrivateKey()
    let manifest = try TestRuntime("1.2.3", minimum: "1.0.0", mayReplaceNewer: true, signedBy: key).manifest
    let read = try RuntimeManifest(decoding: manifest.encoded())
    #expect(read == manifest)
    #expect(read.version == RuntimeVersion("1.2.3") && read.mayReplaceNewer && read.files.count == 3)
    try read.verify(trusting: [try Ed25519.PrivateKey().publicKey(), key.publicKey()])
  }

  /// Whatever byte is changed: it can't be read, or nobody signed it.
  @Test func noByteIsWithoutASignature() throws {
    let key = try Ed25519.PrivateKey()
    let bytes = try TestRuntime("1.2.3", signedBy: key).manifest.encoded()
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1
      #expect(throws: RuntimeBundleError.self, "byte \(index)") {
        try RuntimeManifest(decoding: changed).verify(trusting: [key.publicKey()])
      }
    }
    for count in [0, 3, 127, 128, 200, bytes.count - 1] {
      #expect(throws: RuntimeBundleError.self) { try RuntimeManifest(decoding: Array(bytes.prefix(count))) }
    }
    #expect(throws: RuntimeBundleError.self) { try RuntimeManifest(decoding: bytes + [0]) }
  }

  @Test func whoIsNotTrustedSignsNothing() throws {
    let (key, other) = (try Ed25519.PrivateKey(), try Ed25519.PrivateKey())
    let manifest = try TestRuntime("1.2.3", signedBy: key).manifest
    #expect(throws: RuntimeBundleError.unsigned) {
      try TestRuntime("1.2.3", signedBy: nil).manifest.verify(trusting: [key.publicKey()])
    }
    let error = #expect(throws: RuntimeBundleError.self) { try manifest.verify(trusting: [other.publicKey()]) }
    #expect(error?.description.contains("xtblish-runtime") == true)
    #expect(throws: RuntimeBundleError.self) { try manifest.verify(trusting: []) }
    // A signature of the same bytes for another purpose.
    let message = Array("xtblish-publisher-v1\0".utf8) + manifest.encoded()
    var forged = manifest
    forged.signature = RuntimeSignature(keyID: manifest.signature!.keyID, bytes: try key.signature(for: message))
    #expect(throws: RuntimeBundleError.wrongSignature) { try forged.verify(trusting: [key.publicKey()]) }
  }

  @Test func whatCanBeNoRuntimeIsRefused() throws {
    let good = try TestRuntime("1.2.3", signedBy: nil).manifest
    func make(
      version: String = "1.2.3", minimum: String = "0.0.0", architecture: String = "x86_64", _ files: [RuntimeFile]
    ) throws {
      _ = try RuntimeManifest(
        version: RuntimeVersion(version)!, minimumVersion: RuntimeVersion(minimum)!, mayReplaceNewer: false,
        architecture: architecture, files: files)
    }
    func file(_ name: String, _ sizeBytes: UInt64 = 1) -> RuntimeFile {
      RuntimeFile(name: name, sizeBytes: sizeBytes, digest: good.files[0].digest, isExecutable: true)
    }
    try make(good.files)
    for name in ["../x", "", ".hidden", "a/b", "manifest", "a b", String(repeating: "x", count: 65)] {
      #expect(throws: RuntimeBundleError.self, "\(name)") { try make(good.files + [file(name)]) }
    }
    #expect(throws: RuntimeBundleError.self) { try make(version: "0.0.0", good.files) }
    #expect(throws: RuntimeBundleError.self) { try make(minimum: "1.2.4", good.files) }
    #expect(throws: RuntimeBundleError.self) { try make(architecture: "", good.files) }
    #expect(throws: RuntimeBundleError.self) { try make(good.files + [good.files[0]]) }
    #expect(throws: RuntimeBundleError.self) { try make(good.files.filter { $0.name != RuntimeManifest.agentName }) }
    #expect(throws: RuntimeBundleError.self) { try make(good.files + [file("big", 513 << 20)]) }
    #expect(throws: RuntimeBundleError.self) {
      try make(good.files + (0..<3).map { file("big\($0)", 400 << 20) })
    }
    #expect(throws: RuntimeBundleError.self) { try make((0..<130).map { file("f\($0)") } + good.files) }
  }
}
