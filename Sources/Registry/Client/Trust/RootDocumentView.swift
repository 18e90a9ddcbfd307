import FirmwareImage
import Foundations
package import RootDocument
import ServiceKit

/// A root document as it is shown: its `version`, until when it is good (`expires`, in ISO 8601 and UTC), and how
/// many of the `rootKeys` must sign the next one (`threshold`). Keys are named by their IDs in hexadecimal digits:
/// those that sign documents, those that sign assignments (`directors`) and those that sign apps (`publishers`).
package struct RootDocumentView: Codable, Equatable, Sendable {
  /// The key of a publisher (`keyID`), and the names of the `apps` that it may sign; `*` stands for all.
  package struct Publisher: Codable, Equatable, Sendable {
    package var keyID: String
    package var apps: [String]
  }

  package var version: UInt64
  /// SHA-256 of the document: what OTP banks name.
  package var digest: String
  package var expires: String
  package var threshold: Int
  package var rootKeys: [String]
  package var directors: [String]
  package var publishers: [Publisher]
  /// The root keys whose signatures are good.
  package var signedBy: [String]

  package init(_ signed: SignedRootDocument) throws {
    let document = signed.document
    version = document.version
    digest = try signed.pin().hex
    expires = document.expires.description
    threshold = document.threshold
    rootKeys = document.rootKeys.map(\.description)
    directors = document.directors.map(\.description)
    publishers = document.publishers.map { publisher in
      let apps =
        switch publisher.apps {
        case .any: ["*"]
        case .named(let names): names.map(\.text).sorted()
        }
      return Publisher(keyID: publisher.key.description, apps: apps)
    }
    signedBy = try signed.signers(among: document.rootKeys).map(\.description).sorted()
  }

  /// Everything, by fields.
  ///
  /// - Parameter columns: for how many characters a line has room; nil for any number.
  package func details(columns: Int? = nil) -> String {
    var table = Table.fields()
    table.add(["version", "\(version)"])
    table.add(["digest", digest])
    table.add(["expires", expires])
    table.add(["threshold", "\(threshold) of \(rootKeys.count)"])
    for key in rootKeys { table.add(["root key", signedBy.contains(key) ? "\(key) signed" : key]) }
    for key in directors { table.add(["director", key]) }
    for publisher in publishers {
      table.add(["publisher", "\(publisher.keyID) for \(publisher.apps.joined(separator: ", "))"])
    }
    return table.text(columns: columns)
  }
}
