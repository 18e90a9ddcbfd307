package import Wire

extension WireFailure {
  /// What callers hear of a service that does not run, whichever it is. Players that are away answer this, and
  /// `StoppedServiceTests` holds the bus to it.
  package static var stoppedService: WireFailure {
    WireFailure(.unavailable, reason: "no-server", message: "no server could be reached")
  }
}
