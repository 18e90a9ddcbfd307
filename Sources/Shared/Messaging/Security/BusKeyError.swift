/// Keys of the bus that can't be used, and what to do about it. Never holds a secret.
package struct BusKeyError: Error, Equatable, Sendable, CustomStringConvertible {
  package let description: String

  package init(_ description: String) { self.description = description }
}
