/// Why an app's process could not be started.
package struct AppLaunchError: Error, CustomStringConvertible {
  package var description: String

  package init(_ description: String) {
    self.description = description
  }
}
