package import Foundations
package import Messaging
import OpenSSL
import ProvisionerDomain
import Synchronization
import Wire

/// The Registry's director key and root documents, asked for again after some seconds.
package final class RegistryTrustAnchors: Sendable {
  private struct State {
    var anchors: TrustAnchors?
    var askedAt: ContinuousClock.Instant?
    /// Documents by their versions, kept for as short a time: a restored database may give a version out again.
    var documents: [UInt64: (document: [UInt8], askedAt: ContinuousClock.Instant)] = [:]
  }

  private static let keepsFor = Duration.seconds(5)
  private static let keptDocuments = 16

  private let registry: any RPCCaller
  /// Whether devices may do without anchors.
  private let isInsecure: Bool
  private let state = Mutex(State())

  package init(registry: any RPCCaller, isInsecure: Bool) {
    self.registry = registry
    self.isInsecure = isInsecure
  }

  /// The anchors that new devices get; nil only where the service runs without certificates, and the Registry has
  /// neither key nor document.
  func current() async throws -> TrustAnchors? {
    let known = state.withLock { state -> TrustAnchors?? in
      guard let askedAt = state.askedAt, .now - askedAt < Self.keepsFor else { return .none }
      return .some(state.anchors)
    }
    if let known { return known }
    let anchors = try await ask()
    state.withLock { state in
      state.anchors = anchors
      state.askedAt = .now
    }
    return anchors
  }

  /// A root document, as it was signed.
  ///
  /// - Parameter version: 0: the newest.
  /// - Throws: what the Registry answers, so `notFound` for a version that there is not.
  package func rootDocument(version: UInt64) async throws(RequestFailure) -> (version: UInt64, document: [UInt8]) {
    if version != 0, let known = state.withLock({ $0.documents[version] }), .now - known.askedAt < Self.keepsFor {
      return (version, known.document)
    }
    var request = WireGetRootDocument()
    request.version = version
    let answer: WireRootDocument
    do {
      answer = try await registry.call(request, deadline: .seconds(3))
    } catch {
      throw RequestFailure(error)
    }
    let document = Array(answer.document)
    state.withLock { state in
      if state.documents.count >= Self.keptDocuments { state.documents = [:] }
      state.documents[answer.version] = (document, .now)
    }
    return (answer.version, document)
  }

  private func ask() async throws -> TrustAnchors? {
    let (keys, root): ([WireDirectorKey], (version: UInt64, document: [UInt8]))
    do throws(RequestFailure) {
      do {
        keys = try await registry.call(WireListDirectorKeys(), deadline: .seconds(3)).keys
      } catch {
        throw RequestFailure(error)
      }
      root = try await rootDocument(version: 0)
    } catch {
      switch error.code {
      case .unavailable, .deadlineExceeded, .overloaded: throw RequestFailure.registryUnavailable
      default: return try none()
      }
    }
    guard let active = keys.first(where: { $0.state == "active" }) else { return try none() }
    return TrustAnchors(
      directorKey: Array(active.publicKey), rootVersion: root.version, rootDocument: root.document,
      rootDocumentHash: try SHA256.digest(of: root.document))
  }

  private func none() throws(RequestFailure) -> TrustAnchors? {
    if isInsecure { return nil }
    throw .noTrustAnchors
  }
}
