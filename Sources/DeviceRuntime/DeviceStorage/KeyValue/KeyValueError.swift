package import DeviceProtocol

/// Why a call on the store failed.
package enum KeyValueError: Error, Sendable, Equatable {
  /// There is no such key, or none after it.
  case missing
  /// The key is empty or too long.
  case invalid
  /// The app changes its values too fast.
  case tooFast(String)
  /// A bound is reached, or the flash is full.
  case noSpace(String)
  /// The flash fails. The value may be the old or the new one after the next start.
  case failed(String)
}

extension KeyValueError {
  /// What the app's log says of the failure; empty: the errno says it.
  package var reason: String {
    switch self {
    case .missing, .invalid: ""
    case .tooFast(let reason), .noSpace(let reason), .failed(let reason): reason
    }
  }

  /// The error that the app gets.
  package var errno: HostErrno {
    switch self {
    case .missing: .notFound
    case .tooFast: .again
    case .invalid: .invalid
    case .noSpace: .noSpace
    case .failed: .inputOutput
    }
  }
}
