import AdminHTTP
import Curl
import FileAccess
import Foundation
package import Foundations
import Glibc
import ImageStoreContract
import ServiceKit
import Synchronization
import TextFormats
import WebAssemblyModule

/// What the store answered to a pushed image: the `digest` of the wasm in hexadecimal digits and, if it was given to a
/// device, that `device`'s ID and the `version` that it became there.
package struct PushedImage: Codable, Equatable, Sendable {
  package var device: String?
  package var version: UInt64?
  package var digest: String
  /// The size in bytes: of the whole image for a device, else of the wasm.
  package var size: UInt64
  /// The build ID of the file that was pushed, in hexadecimal digits; nil if it has none.
  package var buildID: String?
  /// What the app's developer should know; nil if there is nothing.
  package var warnings: [String]?

  /// What became of it, for people, in lines that are no longer than a digest.
  package var text: String {
    let bytes = HumanText.bytes(Int(clamping: size))
    guard let version, let device else { return "stored (\(bytes))\n\(digest)" }
    return "version \(version) of device \(device) (\(bytes))\n\(digest)"
  }
}

extension ImageStoreClient {
  /// How a pushed image is described to its device: `appName` and `appVersion` are for people, nil to leave them out.
  /// `idempotencyKey` makes a repeated push harmless; nil: one is made if the image is for a device.
  package struct PushOptions: Sendable {
    package var appName: String?
    package var appVersion: String?
    package var idempotencyKey: String?
    /// The publisher's statement, which takes the place of name and version.
    package var signing: AppSigning?

    package init(
      appName: String? = nil, appVersion: String? = nil, idempotencyKey: String? = nil, signing: AppSigning? = nil
    ) {
      self.appName = appName
      self.appVersion = appVersion
      self.idempotencyKey = idempotencyKey
      self.signing = signing
    }
  }

  /// Stores a file, and makes it a device's next version if one is named.
  package func push(
    file path: String, to device: DeviceID?, options: PushOptions = PushOptions(),
    onProgress: @escaping Progress = { _, _ in }
  ) async throws -> PushedImage {
    let digest = try Self.digest(ofFile: path)
    // Always one, so that whoever does not hear the answer can ask again.
    let key = device == nil ? options.idempotencyKey : options.idempotencyKey ?? UUID().uuidString.lowercased()
    var headers = [HTTPClient.Header("Content-Type", "application/wasm")]
    if let signing = options.signing {
      headers += signing.headers.map { .init($0.name, $0.value) }
    } else {
      if let name = options.appName { headers.append(.init(UploadHeaderName.appName, name)) }
      if let version = options.appVersion { headers.append(.init(UploadHeaderName.appVersion, version)) }
    }
    if let key { headers.append(.init(UploadHeaderName.idempotencyKey, key)) }
    let sent = SentMark()
    let request = HTTPClient.Request(
      device == nil ? "PUT" : "POST", device.map { "\(url)/firmware/\($0)" } ?? "\(url)/images/\(digest)",
      headers: headers, body: .file(path: path),
      onProgress: {
        if $0.sentBytes > 0 { sent.set() }
        onProgress(Int(clamping: $0.sentBytes), Int(clamping: $0.totalToSendBytes))
      })
    let response: HTTPClient.Response
    do {
      response = try await store.send(request)
    } catch {
      // A store that could not be reached has made nothing. Whoever interrupts may be faster than the news of what was
      // sent.
      guard device != nil, sent.isSet || error is CancellationError else { throw error }
      throw Self.unknownOutcome(error, key ?? "")
    }
    guard response.isSuccess else { throw store.refusal(response) }
    guard var pushed = try? JSONCoding.decode(PushedImage.self, from: Data(response.body)) else {
      throw AdminError("\(request.url) answered something else than an image store does; check the URL")
    }
    pushed.buildID = BuildID(bytes: try Self.interface(ofFile: path).buildID)?.description
    return pushed
  }

  /// What the operator is told if the store may have made the version before the answer was lost, or nobody waited for
  /// it any more.
  private static func unknownOutcome(_ error: any Error, _ key: String) -> any Error {
    let (problem, status): (String, ExitStatus)
    switch error {
    case is CancellationError: (problem, status) = ("interrupted", .temporary)
    case let error as AdminError where error.status == .unavailable || error.status == .failure:
      (problem, status) = (error.description, error.status)
    default: return error
    }
    return AdminError(
      "\(problem). The version may have been made: the same command with --idempotency-key \(key) tells which it is, "
        + "and makes no second one",
      status: status)
  }

  /// The digest of a file. Commands have the process for themselves, so this blocks.
  static func digest(ofFile path: String) throws -> SHA256Digest {
    do {
      return try open(path).digest(prefixedBy: [])
    } catch let error as FileError {
      throw AdminError("\(error); check the path", status: .data)
    }
  }
}

/// Notes whether anything of a body has left.
private final class SentMark: Sendable {
  private let flag = Atomic(false)
  var isSet: Bool { flag.load(ordering: .relaxed) }
  func set() { flag.store(true, ordering: .relaxed) }
}
