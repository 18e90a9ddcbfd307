extension String {
  /// A base URL to which a path is put.
  var withoutSlash: String { hasSuffix("/") ? String(dropLast()) : self }
}
