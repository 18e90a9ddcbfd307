import FirmwareImage
import NIOCore
import WebAssemblyModule

/// Checks the bytes of a body as they pass, and gives on those that are to be stored.
struct ImageCheck: ~Copyable {
  private let limitBytes: UInt64
  private var wasmBytes: UInt64 = 0
  private var headerBytesLeft: Int
  private var module = WebAssemblyChecker()
  /// What checks a whole image with its wasm; nil for a bare wasm.
  private var verifier: ImageVerifier?

  init(
    _ kind: ImageRecognition, expectation: ImageIntake.Expectation, limitBytes: UInt64
  ) throws(ImageFormatError) {
    self.limitBytes = limitBytes
    if case .wholeImage = kind, case .firmware(let device) = expectation {
      headerBytesLeft = ImageHeader.byteCount
      verifier = try ImageVerifier(for: device)
    } else {
      headerBytesLeft = 0
      verifier = nil
    }
  }

  /// Returns the wasm's part of the pieces.
  mutating func pass(_ pieces: [ByteBuffer]) throws -> [ByteBuffer] {
    var wasm: [ByteBuffer] = []
    wasm.reserveCapacity(pieces.count)
    for var piece in pieces {
      if verifier != nil {
        try piece.withUnsafeReadableBytes { try verifier?.update($0) }
        let skipped = min(headerBytesLeft, piece.readableBytes)
        piece.moveReaderIndex(forwardBy: skipped)
        headerBytesLeft -= skipped
      } else {
        try piece.withUnsafeReadableBytes { bytes in
          do throws(WebAssemblyError) { try module.update(bytes) } catch { throw ImageFormatError.webAssembly(error) }
        }
      }
      wasmBytes += UInt64(piece.readableBytes)
      if piece.readableBytes > 0 { wasm.append(piece) }
    }
    guard wasmBytes <= limitBytes else { throw ImageIntakeError.tooLarge(limitBytes: limitBytes) }
    return wasm
  }

  /// What the finished module asks for, and the verified header of a whole image.
  consuming func finish() throws(ImageFormatError) -> (WebAssemblyInterface, ImageHeader?) {
    let module = module
    if let verifier = verifier.take() {
      let verdict = try verifier.finish()
      return (verdict.interface, verdict.header)
    }
    do throws(WebAssemblyError) { return (try module.finish(), nil) } catch { throw .webAssembly(error) }
  }
}
