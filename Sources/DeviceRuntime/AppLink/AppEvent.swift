import Foundations
package import Wire

/// What an app does, as its agent sees it.
package enum AppEvent: Sendable, Equatable {
  /// The app is up: `xtb_init` returned 0, or `_start` is about to be called. The time is from the start of the
  /// process, compiling included.
  case started(initNanoseconds: UInt64)
  /// The app handles events from now on, a moment of the monotonic clock. Comes after `RunningApp.activate()`.
  case activated(atNanoseconds: UInt64)
  case log(AppLogLine)
  /// A message to be published below `/apps/{device}/`. Answer with `AppDelivery.published`; until then it takes a
  /// place in the app's publish queue. A QoS 0 message is acknowledged once sent.
  case publish(id: UInt64, topic: String, payload: [UInt8], qos: UInt8)
  /// The app says that it works: ends the trial.
  case healthConfirmed
  /// A call on the stored values. The app's thread waits for `AppDelivery.keyValue` with the same ID.
  case keyValue(WireKeyValueRequest)
  /// A subscription below `/apps/{device}/`. Answer with `AppDelivery.subscribed`; what comes goes to
  /// `AppDelivery.message`.
  case subscribe(handle: UInt32, filter: String)
  case unsubscribe(handle: UInt32)
  /// Pins that the app set, each with its newest level. A few times a second at most.
  case pins([PinLevel])
  /// The app handles no events any more, from a moment of the monotonic clock on; its process may still be there. An
  /// app whose process died did not say so.
  case quiet(atNanoseconds: UInt64)
  /// The app's end. Always the last event.
  case ended(AppEnding)
}

/// A line that an app wrote.
package struct AppLogLine: Sendable, Equatable {
  /// How much a line matters. The numbers are the host API's.
  package enum Level: UInt8, Sendable, CaseIterable {
    case debug = 0
    case info = 1
    case warning = 2
    case error = 3
  }

  /// Where a line came from.
  package enum Source: UInt8, Sendable, CaseIterable {
    /// A line of the host API's `log`.
    case app = 0
    case stdout = 1
    case stderr = 2
    /// A word of the host about the app: for example that lines were dropped.
    case host = 3
  }

  /// How much the line matters: info on standard output, warning on standard error, else as the app says.
  package var level: Level
  /// Tells the app's own words from the host's.
  package var source: Source
  /// The time of day, since 1970.
  package var realtimeNanoseconds: UInt64
  /// The time since boot; orders lines whatever the wall clock does.
  package var monotonicNanoseconds: UInt64
  /// What was written, as one line: no line breaks or control characters, valid Unicode.
  package var text: String

  package init(
    level: Level, source: Source, realtimeNanoseconds: UInt64, monotonicNanoseconds: UInt64, text: String
  ) {
    self.level = level
    self.source = source
    self.realtimeNanoseconds = realtimeNanoseconds
    self.monotonicNanoseconds = monotonicNanoseconds
    self.text = text
  }
}
