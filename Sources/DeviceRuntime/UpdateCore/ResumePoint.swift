/// Where a download goes on.
package struct ResumePoint: Sendable, Equatable {
  /// How many bytes are there already.
  package var offset: UInt64
  /// Strong entity tag of those bytes; nil: none, or none to be relied on.
  package var entityTag: String?

  package init(offset: UInt64, entityTag: String? = nil) {
    self.offset = offset
    self.entityTag = entityTag
  }
}
