/// Where a download goes on.
package struct ResumePoint: Sendable, Equatable {
  /// How many bytes are there already.
  package var offset: UInt64
  /// The strong entity tag (RFC 9110, section 8.8.3) of those bytes; nil: there is none, or none to be relied on.
  package var entityTag: String?

  package init(offset: UInt64, entityTag: String? = nil) {
    self.offset = offset
    self.entityTag = entityTag
  }
}
