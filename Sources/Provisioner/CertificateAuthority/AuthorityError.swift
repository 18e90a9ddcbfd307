import OpenSSL

/// Why the authority's files can't be used, and what to do about it.
package struct AuthorityError: Error, Sendable, Equatable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }

  /// - Parameter path: the file that could not be read as what it should be.
  init(_ path: String, _ error: CertificateError) {
    self.init("\(path): \(error)")
  }
}
