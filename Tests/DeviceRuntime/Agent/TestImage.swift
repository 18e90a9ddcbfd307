import FirmwareImage
import Foundations
import TestSupport

/// An image as the image store would serve it.
struct TestImage: Sendable {
  var version: UInt64
  var digest: SHA256Digest
  var bytes: [UInt8]

  /// - Parameters:
  ///   - size: of the padding in the module, in bytes.
  ///   - imports: functions the module asks for, as module and name.
  init(
    device: DeviceID, version: UInt64, size: Int = 1000, imports: [(String, String)] = [], hostAPILevel: UInt32 = 0,
    securityEpoch: UInt32 = 0
  ) throws {
    try self.init(
      device: device, version: version, wasm: Self.module(version: version, size: size, imports: imports),
      hostAPILevel: hostAPILevel, securityEpoch: securityEpoch)
  }

  init(
    device: DeviceID, version: UInt64, wasm: [UInt8], hostAPILevel: UInt32 = 0, securityEpoch: UInt32 = 0
  ) throws {
    digest = try SHA256Digest.of(wasm)
    self.version = version
    let app = try AppDescription(
      wasmLength: UInt64(wasm.count), wasmDigest: digest, securityEpoch: securityEpoch, hostAPILevel: hostAPILevel,
      name: AppLabel("sensor"),
      version: AppLabel("1.\(version % 1000)"))
    let configuration = ImageConfiguration(
      device: device, manifest: try ImageManifest(firmwareVersion: version, app: app)
    ).encoded()
    bytes = try SHA256Digest.of(configuration + wasm).bytes + configuration + wasm
  }

  /// A plain image, which states neither version nor digest.
  init(plain device: DeviceID, version: UInt64) throws {
    let wasm = Self.module(version: version, size: 100, imports: [])
    self.version = version
    digest = try SHA256Digest.of(wasm)
    let configuration = ImageConfiguration.plain(device: device).encoded()
    bytes = try SHA256Digest.of(configuration + wasm).bytes + configuration + wasm
  }

  func notification(url: String, size: UInt64? = nil) -> String {
    #"{"version":\#(version),"digest":"\#(digest)","size":\#(size ?? UInt64(bytes.count)),"url":"\#(url)"}"#
  }

  private static func module(version: UInt64, size: Int, imports: [(String, String)]) -> [UInt8] {
    var module = wasmPreamble
    // No parameters, no results; and what `xtb1.log` is.
    module += wasmSection(1, [2, 0x60, 0, 0, 0x60, 3, 0x7F, 0x7F, 0x7F, 1, 0x7F])
    if !imports.isEmpty {
      module += wasmSection(
        2, leb128(imports.count) + imports.flatMap { wasmName($0.0) + wasmName($0.1) + [0, $0.1 == "log" ? 1 : 0] })
    }
    // One page of memory, and a `_start` that returns.
    module += wasmSection(3, [1, 0]) + wasmSection(5, [1, 0, 1])
    module += wasmSection(7, [2] + wasmName("memory") + [2, 0] + wasmName("_start") + [0] + leb128(imports.count))
    module += wasmSection(10, [1, 2, 0, 0x0B])
    // A custom section makes every version's bytes its own.
    var state = version &* 0x9E37_79B9_7F4A_7C15 | 1
    let padding = (0..<size).map { _ in
      state ^= state << 13
      state ^= state >> 7
      state ^= state << 17
      return UInt8(truncatingIfNeeded: state)
    }
    return module + wasmSection(0, wasmName("padding") + padding)
  }
}
