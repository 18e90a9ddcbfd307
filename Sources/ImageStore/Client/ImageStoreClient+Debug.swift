import AdminHTTP
import Curl
import FileAccess
import FirmwareImage
import Foundation
import Glibc
import ServiceKit
import TextFormats
import WebAssemblyModule

/// What the store answered to a pushed debug module: the `buildID` that it is found by, and the `digest` of its bytes;
/// both are hexadecimal digits.
package struct PushedDebugModule: Codable, Equatable, Sendable {
  package var buildID: String
  package var digest: String
  /// The module's size in bytes.
  package var size: UInt64

  /// What became of it, for people, in lines that are no longer than a digest.
  package var text: String {
    "unstripped module of build \(buildID) (\(HumanText.bytes(Int(clamping: size))))\n\(digest)"
  }
}

extension ImageStoreClient {
  /// Stores a file as the unstripped module of its build.
  package func pushDebugModule(
    file path: String, onProgress: @escaping Progress = { _, _ in }
  ) async throws -> PushedDebugModule {
    let interface = try Self.interface(ofFile: path)
    guard let buildID = BuildID(bytes: interface.buildID) else {
      throw AdminError("\(path): \(DebugModule.Unusable.noBuildID)", status: .data)
    }
    // Told here, so that nothing large is sent in vain.
    if let problem = DebugModule.problem(interface, buildID) { throw AdminError("\(path): \(problem)", status: .data) }
    let request = HTTPClient.Request(
      "PUT", "\(url)/debug/\(buildID)", headers: [HTTPClient.Header("Content-Type", "application/wasm")],
      body: .file(path: path),
      onProgress: { onProgress(Int(clamping: $0.sentBytes), Int(clamping: $0.totalToSendBytes)) })
    let response = try await store.send(request)
    guard response.isSuccess else { throw store.refusal(response) }
    guard let pushed = try? JSONCoding.decode(PushedDebugModule.self, from: Data(response.body)) else {
      throw AdminError("\(request.url) answered something else than an image store does; check the URL")
    }
    return pushed
  }

  /// What a .wasm, or the one in a whole image, tells of itself. Commands have the process for themselves, so this blocks.
  static func interface(ofFile path: String) throws -> WebAssemblyInterface {
    do {
      return try walk(path)
    } catch let error as FileError {
      throw AdminError("\(error); check the path", status: .data)
    } catch let error as WebAssemblyError {
      throw AdminError("\(path): \(error)", status: .data)
    }
  }

  /// A file that can be read more than once and has an end, which pipes and devices have not.
  ///
  /// - Throws: `AdminError` for anything else, without waiting for it.
  static func open(_ path: String) throws -> OpenFile {
    let file = try OpenFile(path, O_RDONLY | O_NONBLOCK)
    guard try file.isRegular() else {
      throw AdminError(
        "\(path) is no file but a folder, a pipe or a device; put the module into a file first", status: .data)
    }
    return file
  }

  private static func walk(_ path: String) throws -> WebAssemblyInterface {
    let file = try open(path)
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    let head = try buffer.withUnsafeMutableBytes { try file.read(at: 0, into: $0) }
    let isModule = buffer.prefix(head).starts(with: WebAssemblyPreamble.module.prefix(4))
    var offset = isModule ? 0 : UInt64(ImageHeader.byteCount)
    var checker = WebAssemblyChecker()
    while true {
      let count = try buffer.withUnsafeMutableBytes { try file.read(at: offset, into: $0) }
      if count == 0 { return try checker.finish() }
      try checker.update(Array(buffer[..<count]))
      offset += UInt64(count)
    }
  }
}
