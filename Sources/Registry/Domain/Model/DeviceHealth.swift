/// Whether a device does its work, which is another question than whether it has the right version.
package enum DeviceHealth: String, Sendable, CaseIterable {
  /// The device never said anything.
  case unknown
  /// The device says nothing any more: out of power, out of reach, or broken.
  case silent
  /// The device's app failed again and again within ``windowMinutes``.
  case crashLooping = "crash-looping"
  /// The device's app failed within ``windowMinutes`` and was started again.
  case restarting
  /// The device is heard of, and its app did not fail within ``windowMinutes``.
  case healthy

  /// For how long a crash counts. More than the longest pause between two starts of an app that fails.
  package static let windowMinutes = 15
  /// How many crashes within ``windowMinutes`` are a loop.
  package static let crashLoop = 3
}
