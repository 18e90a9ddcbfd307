import Foundation
package import RootDocument
import ServiceKit

/// A root document in a file, on its way to its signatures.
package enum RootDocumentFile {
  /// Reads a root document, whose signatures are still to be checked.
  ///
  /// - Throws: `AdminError` if the file can't be read or holds something else.
  package static func read(_ path: String) throws -> SignedRootDocument {
    let bytes: Data
    do {
      bytes = try Data(contentsOf: URL(filePath: path))
    } catch {
      throw AdminError("\(path) can't be read; check the path", status: .data)
    }
    do throws(RootDocumentError) {
      return try SignedRootDocument(decoding: Array(bytes))
    } catch {
      throw AdminError("\(path): \(error)", status: .data)
    }
  }

  /// Writes a root document, in place of what was there, whole or not at all.
  package static func write(_ document: SignedRootDocument, to path: String) throws {
    do {
      try Data(document.encoded).write(to: URL(filePath: path), options: .atomic)
    } catch {
      throw AdminError("\(path) can't be written; check the path and its rights", status: .data)
    }
  }
}
