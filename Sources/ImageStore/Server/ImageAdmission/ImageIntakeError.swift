/// Why a body is not taken, or not yet.
package enum ImageIntakeError: Error, Equatable {
  /// The body ended early: it has `received` bytes of the `declared` ones.
  case bodyCutShort(declared: Int, received: Int)
  case tooLarge(limitBytes: UInt64)
  case codeCheckTooSlow
}
