/// Whether a device does its work, which is another question than whether it has the right version.
package enum DeviceHealth: String, Sendable, CaseIterable {
  /// It never said anything.
  case unknown
  /// It says nothing any more: out of power, out of reach, or broken.
  case silent
  /// Its app failed again and again within ``windowMinutes``.
  case crashLooping = "crash-looping"
  /// Its app failed within ``windowMinutes`` and was started again.
  case restarting
  case healthy

  /// For how long a crash counts. More than the longest pause between two starts of an app that fails.
  package static let windowMinutes = 15
  /// So many crashes within ``windowMinutes`` are a loop.
  package static let crashLoop = 3
}
