package import Foundations

extension WireFailure {
  /// The failure as it goes over the bus.
  package init(_ failure: RequestFailure) {
    let code: Code =
      switch failure.code {
      case .invalid: .invalid
      case .notFound: .notFound
      case .conflict: .conflict
      case .overloaded: .overloaded
      case .deadlineExceeded: .deadlineExceeded
      case .unavailable: .unavailable
      case .unsupported: .unsupported
      case .internal: .internal
      case .permissionDenied: .permissionDenied
      }
    self.init(
      code, reason: failure.reason, message: failure.message, retryAfterMilliseconds: failure.retryAfterMilliseconds)
  }
}

extension RequestFailure {
  /// The failure that another service answered with.
  package init(_ failure: WireFailure) {
    let code: Code =
      switch failure.code {
      case .invalid: .invalid
      case .notFound: .notFound
      case .conflict: .conflict
      case .overloaded: .overloaded
      case .deadlineExceeded: .deadlineExceeded
      case .unavailable: .unavailable
      case .unsupported: .unsupported
      case .permissionDenied: .permissionDenied
      case .internal, .unspecified, .UNRECOGNIZED: .internal
      }
    self.init(
      code, reason: failure.reason, message: failure.message, retryAfterMilliseconds: failure.retryAfterMilliseconds)
  }
}
