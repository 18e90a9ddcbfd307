package import FirmwareImage
import FoundationEssentials
import Foundations
import Messaging
import RegistryDomain
package import RootDocument
import ServiceKit
import SwiftProtobuf
import TextFormats
import Wire

extension RegistryAdministration {
  /// The director's keys, newest first.
  package func directorKeys() async throws -> [DirectorKeyDocument] {
    try await client.call(WireListDirectorKeys(), deadline: deadline).keys.map { DirectorKeyDocument($0) }
  }

  /// Makes the key that is to sign next, unless there is one.
  package func createDirectorKey() async throws -> DirectorKeyDocument {
    DirectorKeyDocument(try await client.call(WireCreateDirectorKey(), deadline: deadline))
  }

  /// The keys that root documents must name: the one that signs, and the one that will.
  package func currentDirectors() async throws -> [TrustedKey] {
    try await client.call(WireListDirectorKeys(), deadline: deadline).keys
      .filter { $0.state != DirectorKey.State.retired.rawValue }.map { try TrustedKey(bytes: $0.publicKey) }
  }

  /// A root document, whose signatures are still to be checked.
  ///
  /// - Parameter version: nil for the newest.
  package func rootDocument(_ version: UInt64?) async throws -> SignedRootDocument {
    let request = WireGetRootDocument.with { $0.version = version ?? 0 }
    return try SignedRootDocument(decoding: Array(try await client.call(request, deadline: deadline).document))
  }

  /// The root document to follow the newest one, with the changes, which nobody has signed yet.
  package func draft(_ changes: RootChanges) async throws -> SignedRootDocument {
    try changes.next(
      after: await rootDocument(nil).document, directors: await currentDirectors(), now: .now)
  }

  /// Throws `AdminError` if there is a root document, before root keys for a first one are made, which would be of no
  /// use.
  package func requireNoRootDocument() async throws {
    do {
      let known = try await rootDocument(nil)
      throw AdminError(
        "there are root documents already, up to version \(known.document.version); make the next one with root update")
    } catch let failure as WireFailure where failure.code == .notFound {
      return
    }
  }

  /// Gives the Registry the next root document, signed by enough root keys.
  ///
  /// - Returns: its version.
  @discardableResult
  package func publish(_ document: SignedRootDocument) async throws -> UInt64 {
    let request = WirePublishRootDocument.with { $0.document = Data(document.encoded) }
    return try await client.call(request, deadline: deadline).version
  }
}

/// A director's key as JSON: its ID (`keyID`, in hexadecimal digits), its `state`, see ``DirectorKey/State``, and
/// when it was made (`createdAt`, in ISO 8601 and UTC).
package struct DirectorKeyDocument: Codable, Equatable, Sendable {
  package var keyID: String
  /// The key's 32 bytes in hexadecimal digits.
  var publicKey: String
  package var state: String
  var createdAt: String

  init(_ wire: WireDirectorKey) {
    keyID = Hexadecimal.encode(wire.keyID)
    publicKey = Hexadecimal.encode(wire.publicKey)
    state = wire.state
    createdAt = JSONCoding.text(
      of: Date(
        timeIntervalSince1970: Double(wire.createdAt.seconds) + Double(wire.createdAt.nanos) / 1e9))
  }

  /// A table for people.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package static func table(_ keys: [DirectorKeyDocument], columns: Int? = nil) -> String {
    var table = Table([("KEY", .always), ("STATE", .always), ("CREATED", .always), ("PUBLIC KEY", .spare(1))])
    for key in keys { table.add([key.keyID, key.state, key.createdAt, key.publicKey]) }
    return table.text(columns: columns)
  }
}
