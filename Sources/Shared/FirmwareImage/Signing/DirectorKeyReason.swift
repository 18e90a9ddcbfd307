/// Why the Registry can't sign what it is to assign: the stable words of its answer, by which the image store knows that
/// nothing was assigned.
package enum DirectorKeyReason {
  /// No replica has made a key yet.
  package static let none = "no-director-key"
  /// There is a key, and this replica can't use it.
  package static let missing = "director-key-missing"

  /// Whether a failure's reason is one of these.
  package static func contains(_ reason: String) -> Bool { reason == none || reason == missing }
}
