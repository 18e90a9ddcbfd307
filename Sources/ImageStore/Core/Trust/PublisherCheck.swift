import FirmwareImage
import HTTPTypes
import Messaging
import OpenSSL
import RootDocument
import ServiceHTTP
import Synchronization
import Wire

/// Checks publishers' signatures as devices will, by the newest root document, so that whoever uploads hears at once
/// what every device would refuse.
final class PublisherCheck: Sendable {
  private struct Remembered {
    var publishers: [PublisherDelegation]
    var until: ContinuousClock.Instant
  }

  /// For how long a root document is used before the newest is asked for again.
  private static let lifetime = Duration.seconds(5)
  private static let deadline = Duration.seconds(5)

  private let registry: any RPCCaller
  private let policy: PublisherPolicy
  private let ownKey: Ed25519.PrivateKey?
  private let known = Mutex<Remembered?>(nil)

  /// - Parameter ownKey: signs what comes without a publisher's signature.
  init(registry: any RPCCaller, policy: PublisherPolicy, ownKey: Ed25519.PrivateKey? = nil) {
    self.registry = registry
    self.policy = policy
    self.ownKey = ownKey
  }

  /// The image with a publisher's signature, if this store has a key for those that have none.
  func signed(_ image: AppImage) throws -> AppImage {
    guard let ownKey, image.publisher == nil else { return image }
    return try image.signed(by: ownKey)
  }

  /// Refuses, before any of the body is read, what its headers alone show to be refused.
  func check(_ headers: UploadHeaders, trace: String) async throws {
    guard policy != .unchecked, let signature = headers.publisher?.signature else { return }
    let named = try await publishers(including: signature.keyID, app: headers.name, trace: trace)
      .filter { $0.key.id == signature.keyID }
    guard !named.isEmpty else { throw Self.refusal(.unknownKey(.publisher, signature.keyID)) }
    if let name = headers.name, !named.contains(where: { $0.covers(name) }) {
      throw Self.refusal(.publisherNotDelegated(signature.keyID, app: name))
    }
  }

  /// Refuses an image whose publisher's signature devices would not take.
  func check(_ image: AppImage, trace: String) async throws {
    guard policy == .required || (policy == .optional && image.publisher != nil) else { return }
    guard let publisher = image.publisher else { throw Self.refusal(.signatureMissing(.publisher)) }
    let publishers = try await publishers(including: publisher.keyID, app: image.app.name, trace: trace)
    do throws(ImageFormatError) {
      try image.app.verify(publisher: publisher, delegatedBy: publishers)
    } catch { throw Self.refusal(error) }
  }

  /// The publishers of a root document that was the newest a few seconds ago; of the newest, if that one lacks the key or
  /// does not let it sign the app.
  private func publishers(
    including id: KeyID, app name: AppLabel?, trace: String
  ) async throws -> [PublisherDelegation] {
    let remembered = known.withLock { $0 }
    if let remembered, remembered.until > .now,
      remembered.publishers.contains(where: { known in
        known.key.id == id && name.map { known.covers($0) } ?? true
      })
    {
      return remembered.publishers
    }
    let fetched = try await fetch(trace: trace)
    known.withLock { $0 = Remembered(publishers: fetched, until: .now + Self.lifetime) }
    return fetched
  }

  private func fetch(trace: String) async throws -> [PublisherDelegation] {
    do throws(WireFailure) {
      let response = try await registry.call(WireGetRootDocument(), deadline: Self.deadline, traceParent: trace)
      do throws(RootDocumentError) {
        return try SignedRootDocument(decoding: Array(response.document)).document.publishers
      } catch {
        throw WireFailure(.internal, reason: error.reason, message: "The Registry's answer can't be used: \(error)")
      }
    } catch {
      if error.code == .notFound {
        throw ProblemError(.conflict, reason: "no-root-document", detail: error.message)
      }
      guard error.isTransient else { throw ProblemError(registry: error) }
      throw ProblemError(
        .serviceUnavailable, reason: "registry-unavailable",
        detail: "The Registry did not say which publishers are trusted. Try again. (\(error.message))",
        headers: [.retryAfter: error.retryAfterSeconds])
    }
  }

  private static func refusal(_ error: ImageFormatError) -> ProblemError {
    ProblemError(.unprocessableContent, reason: error.reason, detail: error.description + error.advice)
  }
}
