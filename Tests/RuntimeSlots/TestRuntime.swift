import DeviceStorage
import Foundations
import OpenSSL
import RuntimeBundle
import RuntimeSlots

/// A small runtime: a bundle as a developer makes it.
struct TestRuntime: Sendable {
  let manifest: RuntimeManifest
  let contents: [[UInt8]]

  /// - Parameters:
  ///   - text: what is in the agent's program.
  ///   - key: nil: it is not signed.
  init(
    _ version: String, minimum: String = "0.0.0", mayReplaceNewer: Bool = false, architecture: String = "x86_64",
    text: String? = nil, signedBy key: Ed25519.PrivateKey?
  ) throws {
    let files: [(name: String, bytes: [UInt8], isExecutable: Bool)] = [
      (RuntimeManifest.appHostName, Array("app host \(version)".utf8), true),
      ("libFoundation_Small.so", [UInt8](repeating: UInt8(version.utf8.last!), count: 700), false),
      (RuntimeManifest.agentName, Array((text ?? "agent \(version)").utf8), true),
    ]
    let manifest = try RuntimeManifest(
      version: RuntimeVersion(version)!, minimumVersion: RuntimeVersion(minimum)!, mayReplaceNewer: mayReplaceNewer,
      architecture: architecture,
      files: try files.map { file in
        RuntimeFile(
          name: file.name, sizeBytes: UInt64(file.bytes.count),
          digest: SHA256Digest(finished: try SHA256.digest(of: file.bytes)), isExecutable: file.isExecutable)
      })
    self.manifest = try key.map { try manifest.signed(by: $0) } ?? manifest
    contents = files.map(\.bytes)
  }

  var bundle: [UInt8] { manifest.encoded() + contents.joined() }
}

extension RuntimeInstallation {
  /// Installs a bundle that is in memory.
  @discardableResult
  func install(_ bundle: [UInt8]) throws -> RuntimeManifest {
    try install { offset, count in
      let start = min(bundle.count, Int(offset))
      return Array(bundle[start..<min(bundle.count, start + count)])
    }.manifest
  }
}
