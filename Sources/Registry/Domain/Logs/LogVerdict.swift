/// What became of a batch of log lines: the answer that its device gets.
package struct LogVerdict: Sendable, Equatable {
  /// Lines up to this ID need not be sent again.
  package var storedThrough: UInt64
  /// Why lines were refused, if some were.
  package var refusal: Refusal?

  package init(storedThrough: UInt64, refusal: Refusal? = nil) {
    self.storedThrough = storedThrough
    self.refusal = refusal
  }

  /// Why lines were not stored; the raw value is what the answer on the bus says.
  package enum Refusal: String, Sendable {
    case unknownDevice = "unknown-device"
    case invalid
    /// Another run of the device wrote lines with these IDs, which are stored: its flash is an old copy. It has to begin
    /// another log.
    case idsUsedAgain = "ids-used-again"
  }
}
