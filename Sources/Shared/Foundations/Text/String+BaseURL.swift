extension String {
  /// A base URL without the slash at its end, so that a path that begins with one can be appended.
  package var withoutSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
