package import FirmwareImage
package import Messaging
package import OpenSSL
import RootDocument
import Synchronization
import Wire

/// Checks publishers' signatures as devices will, by the newest root document, so that whoever uploads hears at once
/// what every device would refuse.
package final class PublisherCheck: Sendable {
  private struct Remembered {
    var publishers: [PublisherDelegation]
    var until: ContinuousClock.Instant
  }

  /// How long a root document is used before the newest is asked for again.
  private static let lifetime = Duration.seconds(5)
  private static let deadline = Duration.seconds(5)

  private let registry: any RPCCaller
  private let policy: PublisherPolicy
  private let ownKey: Ed25519.PrivateKey?
  private let known = Mutex<Remembered?>(nil)

  /// - Parameters:
  ///   - policy: what is demanded of uploads.
  ///   - ownKey: signs what comes without a publisher's signature.
  package init(registry: any RPCCaller, policy: PublisherPolicy, ownKey: Ed25519.PrivateKey? = nil) {
    self.registry = registry
    self.policy = policy
    self.ownKey = ownKey
  }

  /// The app with a publisher's signature, if this store has a key for those that have none.
  package func signed(_ app: ReceivedApp) throws -> ReceivedApp {
    guard let ownKey, app.publisher == nil else { return app }
    return try app.signed(by: ownKey)
  }

  /// Refuses an app, before anything of it is read, if what is said of it alone shows that it must be.
  package func check(_ statement: AppStatement) async throws {
    guard policy != .unchecked, let signature = statement.publisher?.signature else { return }
    let named = try await publishers(including: signature.keyID, app: statement.name)
      .filter { $0.key.id == signature.keyID }
    guard !named.isEmpty else { throw FirmwareError.publisherRefused(.unknownKey(.publisher, signature.keyID)) }
    if let name = statement.name, !named.contains(where: { $0.covers(name) }) {
      throw FirmwareError.publisherRefused(.publisherNotDelegated(signature.keyID, app: name))
    }
  }

  /// Refuses an app whose publisher's signature devices would not take.
  package func check(_ received: ReceivedApp) async throws {
    guard policy.demandsProof(of: received.publisher) else { return }
    guard let publisher = received.publisher else {
      throw FirmwareError.publisherRefused(.signatureMissing(.publisher))
    }
    let publishers = try await publishers(including: publisher.keyID, app: received.app.name)
    do throws(ImageFormatError) {
      try received.app.verify(publisher: publisher, delegatedBy: publishers)
    } catch { throw FirmwareError.publisherRefused(error) }
  }

  /// The publishers of a root document that was the newest a few seconds ago; of the newest, if that one lacks the key or
  /// does not let it sign the app.
  private func publishers(
    including id: KeyID, app name: AppLabel?
  ) async throws -> [PublisherDelegation] {
    let remembered = known.withLock { $0 }
    if let remembered, remembered.until > .now,
      remembered.publishers.contains(where: { known in
        known.key.id == id && name.map { known.covers($0) } ?? true
      })
    {
      return remembered.publishers
    }
    let fetched = try await fetch()
    known.withLock { $0 = Remembered(publishers: fetched, until: .now + Self.lifetime) }
    return fetched
  }

  private func fetch() async throws -> [PublisherDelegation] {
    do throws(WireFailure) {
      let response = try await registry.call(WireGetRootDocument(), deadline: Self.deadline)
      do throws(RootDocumentError) {
        return try SignedRootDocument(decoding: Array(response.document)).document.publishers
      } catch {
        throw WireFailure(.internal, reason: error.reason, message: "the Registry's answer can't be used: \(error)")
      }
    } catch {
      if error.code == .notFound {
        throw FirmwareError.noRootDocument(error.message)
      }
      throw error.isTransient ? FirmwareError.publishersUnknown(error) : .refused(error)
    }
  }
}
