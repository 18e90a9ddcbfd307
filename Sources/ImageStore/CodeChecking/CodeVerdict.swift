/// What became of one look at a module, as the process tells it to the image store.
package enum CodeVerdict: Equatable, Sendable {
  case valid
  /// Why it is not valid, in the engine's words; at most ``maximumWordBytes`` of them.
  case invalid(String)
  /// The process that looked was ended by this signal.
  case endedBySignal(CInt)
  /// The engine could not be asked, which is no fault of the module's.
  case notChecked

  /// How many bytes of the engine's words are told.
  package static let maximumWordBytes = 4096

  /// Reads what came until the end of the stream: the engine's words, and behind them a byte for the outcome.
  ///
  /// - Returns: ``notChecked`` for what has no such byte at its end.
  package init(_ bytes: [UInt8]) {
    guard let last = bytes.last else {
      self = .notChecked
      return
    }
    switch Outcome(rawValue: last) {
    case .valid: self = .valid
    case .invalid: self = .invalid(String(decoding: bytes.dropLast(), as: UTF8.self))
    case nil where Self.signals.contains(last): self = .endedBySignal(CInt(last - Self.signals.lowerBound))
    case .notChecked, nil: self = .notChecked
    }
  }

  /// How the process that looks at a module ends, if it does so by itself.
  enum Outcome: UInt8 {
    case valid = 0
    case invalid = 1
    case notChecked = 2
  }

  /// 128 and the signal's number.
  static let signals: ClosedRange<UInt8> = 128...255
}
