package import Foundations
import OpenSSL
package import WebAssemblyModule

/// Checks an image that passes by in pieces of any size, in constant memory.
///
/// What can be refused early is refused early: a wrong device or a broken header once 544 bytes
/// were seen, a broken module at its first broken section. The first error is final.
package struct ImageVerifier: ~Copyable {
  private let device: DeviceID?
  private let limitBytes: UInt64
  private var headerBytes: [UInt8] = []
  private var failure: ImageFormatError?
  private var wasmLength: UInt64 = 0
  private var module = WebAssemblyChecker()
  private var wholeHash: SHA256
  private var wasmHash: SHA256

  /// The header, once all of it was seen. Not trusted before `finish()`.
  package private(set) var header: ImageHeader?

  /// - Parameters:
  ///   - device: whose image this must be; nil to take any device's.
  ///   - limitBytes: the longest image to take.
  package init(for device: DeviceID?, limitBytes: UInt64 = UInt64(Int64.max)) throws(ImageFormatError) {
    self.device = device
    self.limitBytes = limitBytes
    let whole = try SHA256.forImage()
    let wasm = try SHA256.forImage()
    wholeHash = whole
    wasmHash = wasm
  }

  /// Takes the next bytes of the image in.
  ///
  /// - Throws: what is wrong with the image so far; every later call throws the same.
  package mutating func update(_ bytes: UnsafeRawBufferPointer) throws(ImageFormatError) {
    if let failure { throw failure }
    do throws(ImageFormatError) {
      try consume(bytes)
    } catch {
      failure = error
      throw error
    }
  }

  /// Takes the next bytes of the image in, like the other `update`.
  package mutating func update(_ bytes: [UInt8]) throws(ImageFormatError) {
    try bytes.withUnsafeBufferPointer { buffer throws(ImageFormatError) in
      try update(UnsafeRawBufferPointer(buffer))
    }
  }

  private mutating func consume(_ bytes: UnsafeRawBufferPointer) throws(ImageFormatError) {
    var rest = bytes[...]
    if header == nil {
      let taken = rest.prefix(ImageHeader.byteCount - headerBytes.count)
      headerBytes.append(contentsOf: taken)
      rest = rest.dropFirst(taken.count)
      guard headerBytes.count == ImageHeader.byteCount else { return }
      let decoded = try ImageHeader(decoding: headerBytes)
      if let device, decoded.configuration.device != device {
        throw .deviceMismatch(expected: device, actual: decoded.configuration.device)
      }
      header = decoded
      wholeHash.update(headerBytes[SHA256Digest.byteCount...])
    }
    guard !rest.isEmpty else { return }
    wasmLength += UInt64(rest.count)
    guard wasmLength <= limitBytes, UInt64(ImageHeader.byteCount) <= limitBytes - wasmLength else {
      throw .tooLarge(limitBytes: limitBytes)
    }
    if let stated = header?.configuration.manifest?.app.wasmLength, wasmLength > stated {
      throw .wasmLengthMismatch(stated: stated, actual: wasmLength)
    }
    let wasm = UnsafeRawBufferPointer(rebasing: rest)
    do throws(WebAssemblyError) { try module.update(wasm) } catch { throw .webAssembly(error) }
    wholeHash.update(wasm)
    wasmHash.update(wasm)
  }

  /// Ends the check. Only bytes that are right in every way give a verdict.
  package consuming func finish() throws(ImageFormatError) -> ImageVerdict {
    if let failure { throw failure }
    guard let header else { throw .headerCutShort(received: UInt64(headerBytes.count)) }
    let wasmLength = wasmLength
    let module = module
    let hash = SHA256Digest(finished: wholeHash.finalize())
    let digest = SHA256Digest(finished: wasmHash.finalize())
    if let app = header.configuration.manifest?.app, wasmLength != app.wasmLength {
      throw .wasmLengthMismatch(stated: app.wasmLength, actual: wasmLength)
    }
    guard hash == header.hash else { throw .hashMismatch(stated: header.hash, actual: hash) }
    if let app = header.configuration.manifest?.app, digest != app.wasmDigest {
      throw .wasmDigestMismatch(stated: app.wasmDigest, actual: digest)
    }
    do throws(WebAssemblyError) {
      let interface = try module.finish()
      return ImageVerdict(header: header, wasmDigest: digest, wasmLength: wasmLength, interface: interface)
    } catch { throw .webAssembly(error) }
  }
}

extension SHA256 {
  /// A new hash, with this module's error.
  static func forImage() throws(ImageFormatError) -> SHA256 {
    do throws(OpenSSLError) { return try SHA256() } catch { throw .cryptography(error) }
  }
}

/// The proof that an image's bytes were right when they passed by. It does not say where they are now. `wasmDigest`
/// and `wasmLength`, in bytes, are of the module, and `interface` is what it imports and exports.
package struct ImageVerdict: Hashable, Sendable {
  /// The image's header, whose hash was right.
  package let header: ImageHeader
  package let wasmDigest: SHA256Digest
  package let wasmLength: UInt64
  package let interface: WebAssemblyInterface

  // The verifier above is the only way to one.
  fileprivate init(
    header: ImageHeader, wasmDigest: SHA256Digest, wasmLength: UInt64, interface: WebAssemblyInterface
  ) {
    self.header = header
    self.wasmDigest = wasmDigest
    self.wasmLength = wasmLength
    self.interface = interface
  }
}
