import FirmwareImage
import Foundations
import NIOCore
import WebAssemblyModule

/// Tells from its first bytes what a body is.
enum ImageRecognition: Equatable {
  case wasm
  case wholeImage

  /// A whole image shows itself by the wasm that follows its header.
  static let neededBytes = ImageHeader.byteCount + WebAssemblyPreamble.byteCount

  /// Throws what the body looks like if it is neither.
  static func recognise(
    _ pieces: [ByteBuffer], _ expectation: ImageIntake.Expectation
  ) throws(ImageFormatError) -> ImageRecognition {
    var bytes: [UInt8] = []
    for piece in pieces where bytes.count < neededBytes {
      bytes += piece.readableBytesView.prefix(neededBytes - bytes.count)
    }
    let magic = WebAssemblyPreamble.module.prefix(4)
    if bytes.starts(with: magic) { return .wasm }
    if case .firmware(let device) = expectation, bytes.count >= ImageHeader.byteCount {
      // The second sign is for an image whose wasm is damaged just there: it is better called a
      // damaged image than an unknown format.
      let hasWasm = bytes.dropFirst(ImageHeader.byteCount).starts(with: magic)
      if hasWasm || bytes[32..<48].elementsEqual(device.bytes) { return .wholeImage }
    }
    // Says what it is instead; bytes that start as a module does were returned above.
    do throws(WebAssemblyError) {
      _ = try WebAssemblyModule.interface(of: Array(bytes.prefix(16)))
    } catch {
      throw .webAssembly(error)
    }
    throw .webAssembly(.notWebAssembly(saw: "is something else"))
  }
}
