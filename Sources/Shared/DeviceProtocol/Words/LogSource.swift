/// Who wrote a line of a device's log; the raw value is what messages say.
package enum LogSource: String, Sendable, Hashable, CaseIterable {
  /// The app, through the host API.
  case app
  /// The app, on its standard output.
  case stdout
  /// The app, on its standard error.
  case stderr
  /// The process around the app.
  case host
  /// The device's agent.
  case agent
}
