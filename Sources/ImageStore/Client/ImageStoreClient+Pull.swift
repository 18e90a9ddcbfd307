import AdminHTTP
import Curl
import FileAccess
import FirmwareImage
import Foundations
import Glibc
import ServiceKit
import Synchronization

/// A pulled and verified file at `path`; `version` is the one that a device's image states, nil for a bare wasm.
package struct PulledImage: Codable, Equatable, Sendable {
  package var path: String
  /// The SHA-256 of the wasm, in hexadecimal digits.
  package var digest: String
  /// The size of the file, in bytes.
  package var size: UInt64
  package var version: UInt64?
}

extension ImageStoreClient {
  /// How often a broken transfer goes on without having brought anything.
  private static let fruitlessAttempts = 4

  /// Fetches an image into a file, which appears under its name only when it is whole and verified.
  ///
  /// What came so far is kept in `OUTPUT.TAG.part`, so that a pull that was interrupted goes on
  /// where it ended, also in another run.
  package func pull(
    _ target: PullTarget, to output: String, onProgress: @escaping Progress = { _, _ in }
  ) async throws -> PulledImage {
    let head = try await store.send(HTTPClient.Request("HEAD", url + target.path))
    // HEAD has no body to say why, so the reason is asked for.
    guard head.isSuccess else {
      throw store.refusal(try await store.send(HTTPClient.Request("GET", url + target.path)))
    }
    guard let tag = head["etag"], let total = head["content-length"].flatMap({ UInt64($0) }) else {
      throw AdminError("\(url)\(target.path) has no ETag or length; check that it is an image store")
    }
    // What `latest` means may change while it is fetched; the answer's own path does not.
    let path = head["content-location"] ?? target.path
    let target = (wanted: target, output: try PullOutput(output))
    let partial = try target.output.partial(tag: String(tag.filter(\.isHexDigit).prefix(16)))
    do {
      try await fetch(path, tag: tag, totalBytes: total, into: partial.file, onProgress)
      let pulled: PulledImage
      do {
        pulled = try Self.verify(partial.path, target.wanted, output)
      } catch {
        // Going on with wrong bytes would never end well.
        partial.remove()
        throw error
      }
      try target.output.publish(partial)
      return pulled
    } catch {
      if !partial.isKept { partial.remove() }
      throw error
    }
  }

  private func fetch(
    _ path: String, tag: String, totalBytes: UInt64, into file: OpenFile, _ onProgress: @escaping Progress
  ) async throws {
    var fruitless = 0
    while true {
      var have = try Self.telling { () throws(FileError) in try file.status().identity.sizeBytes }
      if have > totalBytes {
        try Self.telling { () throws(FileError) in try file.truncate() }
        have = 0
      }
      if have == totalBytes { return }
      let start = have
      let request = HTTPClient.Request(
        "GET", url + path,
        headers: start > 0 ? [.init("Range", "bytes=\(start)-"), .init("If-Range", tag)] : [],
        onProgress: { onProgress(Int(clamping: start) + Int(clamping: $0.receivedBytes), Int(clamping: totalBytes)) })
      do {
        let response = try await store.http.download(request) { head in
          let offset = head.status == 206 ? Int64(clamping: start) : 0
          guard head.status == 206 || head.status == 200, head["etag"] == tag else { return .memory }
          return .file(descriptor: file.descriptor, offset: offset, maximumBytes: totalBytes)
        }
        guard response.isSuccess else { throw store.refusal(response) }
        guard response["etag"] == tag else {
          throw AdminError("the image changed while it was fetched; pull it again", status: .temporary)
        }
        return
      } catch let error as CurlError where error.isTransient {
        let now = try Self.telling { () throws(FileError) in try file.status().identity.sizeBytes }
        fruitless = now > start ? 0 : fruitless + 1
        if fruitless == Self.fruitlessAttempts {
          try await AdminHTTPClient.telling { () throws(CurlError) in throw error }
        }
        try await Task.sleep(for: .milliseconds(200 << fruitless))
      } catch let error as CurlError {
        try await AdminHTTPClient.telling { () throws(CurlError) in throw error }
      }
    }
  }

  private static func verify(_ partial: String, _ target: PullTarget, _ output: String) throws -> PulledImage {
    do {
      switch target {
      case .wasm(let digest):
        let actual = try Self.digest(ofFile: partial)
        guard actual == digest else { throw ImageFormatError.wasmDigestMismatch(stated: digest, actual: actual) }
        let size = try telling { () throws(FileError) in try OpenFile(partial, O_RDONLY).status().identity.sizeBytes }
        return PulledImage(path: output, digest: digest.description, size: size, version: nil)
      case .image(let device, _):
        let image = try VerifiedImage.verifying(file: partial, for: device, trust: .unsigned())
        return PulledImage(
          path: output, digest: image.verdict.wasmDigest.description,
          size: image.verdict.wasmLength + UInt64(ImageHeader.byteCount),
          version: image.configuration.manifest?.firmwareVersion)
      }
    } catch let error as ImageFormatError {
      throw AdminError("what came is not what was asked for: \(error)", status: .data)
    }
  }

  static func telling<Value>(_ body: () throws(FileError) -> Value) throws -> Value {
    do throws(FileError) { return try body() } catch { throw AdminError(error.description, status: .data) }
  }
}
