package import AppLink

/// Starts apps. A protocol so that the agent's tests can replace it.
package protocol AppLauncher: Sendable {
  /// Starts the app's process and returns at once; whether the app itself came up is told by the events `started`
  /// or `ended`. Throws `AppLaunchError` if there is no process to speak of.
  func launch(_ launch: AppLaunch) async throws -> any RunningApp
  /// Starts a process ahead of the next launch with these limits, so that the launch need not wait for one. Only a
  /// hint: if no process can be started ahead, or if the launch does not come soon, the launch starts one as ever.
  func prepare(_ limits: AppLimits) async
  /// Ends the process that was prepared, if no launch took it. Returns when it is gone.
  func dropPrepared() async
}

/// An app that was launched.
package protocol RunningApp: AnyObject, Sendable {
  /// The ID of the app's process.
  var processIdentifier: Int32 { get }
  /// What the app does, in order. One reader; finishes after `ended`, which always comes.
  var events: AsyncStream<AppEvent> { get }
  /// Lets the app handle events, or its `_start` begin; `events` tells when it does. Until then a started app waits, so
  /// that it and its predecessor never work at once. May be asked for at any time, and again.
  func activate() async
  /// Hands something to the app. Does nothing if the app has ended.
  func deliver(_ message: AppDelivery) async
  /// Asks the app to end between two events and kills it after `grace`. Returns when the process is gone; `events`
  /// still gets its `ended`. Asking again, or an app that ended by itself, is no error.
  func stop(grace: Duration) async
}
