package import FirmwareImage
package import Foundations
package import RootDocument

/// What the next root document is to have otherwise than the newest: `addedPublishers` and `addedRootKeys` by their
/// keys, `removedRootKeys` and `removedDirectors` by their key IDs.
package struct RootChanges: Sendable {
  package var addedPublishers: [TrustedKey] = []
  /// Which apps the added publishers may sign; `*` for all.
  package var apps: [String] = []
  /// The publishers to be left out, by their key IDs.
  package var removedPublishers: [String] = []
  package var addedRootKeys: [TrustedKey] = []
  package var removedRootKeys: [String] = []
  package var removedDirectors: [String] = []
  /// How many root keys must sign; nil leaves it as it was.
  package var threshold: Int?
  /// For how long devices believe the document, in seconds from now.
  package var lifetimeSeconds: Int64 = 365 * 86_400

  package init() {}

  /// The next document, which nobody has signed.
  ///
  /// - Parameter directors: the keys that the Registry signs with, and will; they join those there are.
  package func next(
    after root: RootDocument, directors: [TrustedKey], now: UTCTime
  ) throws -> SignedRootDocument {
    let document = try RootDocument(
      version: root.version + 1, expires: now + lifetimeSeconds, threshold: threshold ?? root.threshold,
      rootKeys: try Self.without(removedRootKeys, root.rootKeys, \.id, "root key") + addedRootKeys,
      directors: try Self.without(removedDirectors, Self.joined(root.directors, directors), \.id, "director"),
      publishers: try publishers(after: root))
    return SignedRootDocument(unsigned: document)
  }

  /// The first document of all.
  package func first(rootKeys: [TrustedKey], directors: [TrustedKey], now: UTCTime) throws -> SignedRootDocument {
    let delegation = try apps.isEmpty && addedPublishers.isEmpty ? nil : delegatedApps()
    let document = try RootDocument(
      version: 1, expires: now + lifetimeSeconds, threshold: threshold ?? 1, rootKeys: rootKeys, directors: directors,
      publishers: addedPublishers.compactMap { key in delegation.map { PublisherDelegation(key: key, apps: $0) } })
    return SignedRootDocument(unsigned: document)
  }

  private func publishers(after root: RootDocument) throws -> [PublisherDelegation] {
    var publishers = try Self.without(removedPublishers, root.publishers, \.key.id, "publisher")
    guard !addedPublishers.isEmpty else { return publishers }
    let apps = try delegatedApps()
    for key in addedPublishers {
      // A publisher that is there already may sign more from now on.
      if let index = publishers.firstIndex(where: { $0.key == key }) {
        publishers[index] = PublisherDelegation(key: key, apps: publishers[index].apps.joined(apps))
      } else {
        publishers.append(PublisherDelegation(key: key, apps: apps))
      }
    }
    return publishers
  }

  private func delegatedApps() throws -> PublisherDelegation.Apps {
    guard !apps.isEmpty else { throw RootChangeError("say with --app which apps the publisher may sign, or --app '*'") }
    guard !addedPublishers.isEmpty else { throw RootChangeError("--app goes with --add-publisher") }
    if apps.contains("*") { return .any }
    return .named(Set(try apps.map { try AppLabel.naming($0) }))
  }

  private static func joined(_ first: [TrustedKey], _ second: [TrustedKey]) -> [TrustedKey] {
    first + second.filter { !first.contains($0) }
  }

  /// All but the named; a name of which there is none is a mistake.
  private static func without<Element>(
    _ names: [String], _ elements: [Element], _ id: (Element) -> KeyID, _ what: String
  ) throws -> [Element] {
    for name in names where !elements.contains(where: { id($0).description == name }) {
      throw RootChangeError("the root document has no \(what) \(name); see `xtblish-registry root show`")
    }
    return elements.filter { !names.contains(id($0).description) }
  }
}

extension PublisherDelegation.Apps {
  fileprivate func joined(_ other: PublisherDelegation.Apps) -> PublisherDelegation.Apps {
    guard case .named(let mine) = self, case .named(let theirs) = other else { return .any }
    return .named(mine.union(theirs))
  }
}

/// Why a change can't be made, in words for the operator.
package struct RootChangeError: Error, Equatable, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
