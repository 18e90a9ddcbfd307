/// Why a key or a folder of keys can't be used, and what to do about it. Never holds a secret.
package struct KeyFileError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
