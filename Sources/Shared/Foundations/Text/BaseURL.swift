extension String {
  /// A base URL to which a path is put.
  package var withoutSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
