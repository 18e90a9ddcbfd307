/// The version of all executables of the project.
package enum XtblishVersion {
  /// Semantic versioning.
  package static let current = "0.1.0"
}
