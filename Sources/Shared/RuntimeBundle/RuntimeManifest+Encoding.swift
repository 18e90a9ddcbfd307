package import Foundations
import OpenSSL

/// The beginning of a bundle, little-endian. The files' bytes follow, in the order of the table, with nothing between them.
///
/// | offset | size | field |
/// |---|---|---|
/// | 0 | 4 | magic `XTBR` |
/// | 4 | 2 | version of this format, 1 |
/// | 6 | 2 | flags; 1: may take the place of a newer one |
/// | 8 | 6 | version: major, minor, patch |
/// | 14 | 2 | number of files |
/// | 16 | 6 | lowest version that a device takes from then on |
/// | 22 | 10 | zero |
/// | 32 | 16 | architecture, ASCII, zero padded |
/// | 48 | 8 | ID of the key; zero if unsigned |
/// | 56 | 64 | signature |
/// | 120 | 8 | zero |
/// | 128 | 128 each | files |
///
/// A file is: SHA-256 (32), size (8), flags (4; 1: a program), 4 zero bytes, name (64, zero padded), 16 zero bytes.
enum RuntimeManifestLayout {
  static let magic: [UInt8] = Array("XTBR".utf8)
  static let formatVersion: UInt16 = 1
  static let mayReplaceNewer: UInt16 = 1
  static let architectureBytes = 16
  static let keyID = 48..<56
  static let signature = 56..<120
  static let headBytes = 128
  static let fileBytes = 128
  static let isExecutable: UInt32 = 1
}

extension RuntimeManifest {
  /// How many bytes at the beginning of a bundle tell how long its manifest is.
  package static let headBytes = RuntimeManifestLayout.headBytes

  /// The length of the manifest that begins with these bytes.
  ///
  /// - Parameter head: at least `headBytes` bytes.
  package static func sizeBytes(head: [UInt8]) throws(RuntimeBundleError) -> Int {
    guard head.count >= headBytes, Array(head[0..<4]) == RuntimeManifestLayout.magic else {
      throw .malformed("it does not begin with XTBR")
    }
    let format: UInt16 = LittleEndian.integer(from: head[4..<6])
    guard format == RuntimeManifestLayout.formatVersion else {
      throw .malformed("its format has version \(format), and this program reads 1: upgrade this program first")
    }
    let count: UInt16 = LittleEndian.integer(from: head[14..<16])
    guard (1...maximumFiles).contains(Int(count)) else { throw .malformed("it has not 1 to \(maximumFiles) files") }
    return headBytes + Int(count) * RuntimeManifestLayout.fileBytes
  }

  /// Reads the manifest alone. Nothing is passed over: a byte that has no meaning is zero.
  package init(decoding bytes: [UInt8]) throws(RuntimeBundleError) {
    guard try Self.sizeBytes(head: bytes) == bytes.count else { throw .malformed("its table is cut short") }
    let flags: UInt16 = LittleEndian.integer(from: bytes[6..<8])
    guard flags & ~RuntimeManifestLayout.mayReplaceNewer == 0 else { throw .malformed("it has unknown flags") }
    guard bytes[22..<32].allSatisfy({ $0 == 0 }), bytes[120..<128].allSatisfy({ $0 == 0 }) else {
      throw .malformed("bytes that must be zero are not")
    }
    var files: [RuntimeFile] = []
    for start in stride(from: Self.headBytes, to: bytes.count, by: RuntimeManifestLayout.fileBytes) {
      files.append(try Self.file(bytes[start..<start + RuntimeManifestLayout.fileBytes]))
    }
    let keyID = Array(bytes[RuntimeManifestLayout.keyID])
    let signature = Array(bytes[RuntimeManifestLayout.signature])
    let isSigned = keyID.contains { $0 != 0 }
    guard isSigned || signature.allSatisfy({ $0 == 0 }) else { throw .malformed("it has a signature of no key") }
    try self.init(
      version: Self.version(bytes[8..<14]), minimumVersion: Self.version(bytes[16..<22]),
      mayReplaceNewer: flags & RuntimeManifestLayout.mayReplaceNewer != 0,
      architecture: try Self.text(bytes[32..<48]), files: files,
      signature: isSigned ? RuntimeSignature(keyID: keyID, bytes: signature) : nil)
  }

  /// The bytes at the beginning of the bundle.
  package func encoded() -> [UInt8] {
    var bytes = RuntimeManifestLayout.magic
    bytes += LittleEndian.bytes(RuntimeManifestLayout.formatVersion)
    bytes += LittleEndian.bytes(mayReplaceNewer ? RuntimeManifestLayout.mayReplaceNewer : 0)
    bytes += Self.bytes(version)
    bytes += LittleEndian.bytes(UInt16(files.count))
    bytes += Self.bytes(minimumVersion)
    bytes += Self.padded([], 10)
    bytes += Self.padded(Array(architecture.utf8), RuntimeManifestLayout.architectureBytes)
    bytes += signature?.keyID ?? Self.padded([], RuntimeManifestLayout.keyID.count)
    bytes += signature?.bytes ?? Self.padded([], RuntimeManifestLayout.signature.count)
    bytes += Self.padded([], 8)
    for file in files {
      bytes += file.digest.bytes
      bytes += LittleEndian.bytes(file.sizeBytes)
      bytes += LittleEndian.bytes(file.isExecutable ? RuntimeManifestLayout.isExecutable : 0)
      bytes += Self.padded([], 4)
      bytes += Self.padded(Array(file.name.utf8), RuntimeFile.maximumNameBytes)
      bytes += Self.padded([], 16)
    }
    return bytes
  }

  /// SHA-256 of the encoded manifest, which names a runtime, files and signature included.
  package func digest() throws(RuntimeBundleError) -> SHA256Digest {
    do throws(OpenSSLError) { return SHA256Digest(finished: try SHA256.digest(of: encoded())) } catch {
      throw .cryptography(error)
    }
  }

  private static func file(_ bytes: ArraySlice<UInt8>) throws(RuntimeBundleError) -> RuntimeFile {
    let start = bytes.startIndex
    func part(_ offset: Int, _ count: Int) -> ArraySlice<UInt8> { bytes[start + offset..<start + offset + count] }
    let flags: UInt32 = LittleEndian.integer(from: part(40, 4))
    guard flags & ~RuntimeManifestLayout.isExecutable == 0, part(44, 4).allSatisfy({ $0 == 0 }),
      part(112, 16).allSatisfy({ $0 == 0 })
    else { throw .malformed("bytes of its table that must be zero are not") }
    return RuntimeFile(
      name: try text(part(48, RuntimeFile.maximumNameBytes)), sizeBytes: LittleEndian.integer(from: part(32, 8)),
      digest: SHA256Digest(finished: Array(part(0, 32))), isExecutable: flags != 0)
  }

  private static func text(_ bytes: ArraySlice<UInt8>) throws(RuntimeBundleError) -> String {
    let unpadded = bytes.prefix { $0 != 0 }
    guard bytes.dropFirst(unpadded.count).allSatisfy({ $0 == 0 }),
      let text = String(validating: unpadded, as: UTF8.self)
    else { throw .malformed("a name in it is not padded with zeros") }
    return text
  }

  static func version(_ bytes: ArraySlice<UInt8>) -> RuntimeVersion {
    let start = bytes.startIndex
    return RuntimeVersion(
      major: LittleEndian.integer(from: bytes[start..<start + 2]),
      minor: LittleEndian.integer(from: bytes[start + 2..<start + 4]),
      patch: LittleEndian.integer(from: bytes[start + 4..<start + 6]))
  }

  static func bytes(_ version: RuntimeVersion) -> [UInt8] {
    LittleEndian.bytes(version.major) + LittleEndian.bytes(version.minor) + LittleEndian.bytes(version.patch)
  }

  private static func padded(_ bytes: [UInt8], _ count: Int) -> [UInt8] {
    bytes + [UInt8](repeating: 0, count: count - bytes.count)
  }
}
