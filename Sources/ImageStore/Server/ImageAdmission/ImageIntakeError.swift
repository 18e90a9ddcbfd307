/// Why a body is not taken, or not yet.
package enum ImageIntakeError: Error, Equatable {
  /// In bytes.
  case bodyCutShort(declared: Int, received: Int)
  case tooLarge(limitBytes: UInt64)
  case codeCheckTooSlow
}
