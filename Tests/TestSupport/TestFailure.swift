/// Why a test can't go on: a server that does not start, a condition that never comes true.
package struct TestFailure: Error, CustomStringConvertible {
  package let description: String

  package init(_ description: String) {
    self.description = description
  }
}
