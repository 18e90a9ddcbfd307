package import AppLink
package import DeviceProtocol

/// Which changes of a pin make an event. The numbers are the host API's.
package struct PinEdges: OptionSet, Sendable {
  /// The number that the app gives.
  package var rawValue: Int32

  package init(rawValue: Int32) {
    self.rawValue = rawValue
  }

  /// The change from 0 to 1.
  package static let rising = PinEdges(rawValue: 1)
  /// The change from 1 to 0.
  package static let falling = PinEdges(rawValue: 2)

  func includes(_ level: Int32) -> Bool { contains(level == 0 ? .falling : .rising) }
}

/// A change of a watched pin.
package struct PinChange: Sendable, Equatable {
  /// The handle that the watch was begun with.
  package var handle: Int32
  /// The level since the change: 0 or 1.
  package var level: Int32
  /// When it changed, on the monotonic clock.
  package var nanoseconds: UInt64
}

/// A pin in the app's process. Its methods are called by the app's thread, and its watch tells on any thread.
package protocol Pin: AnyObject, Sendable {
  var name: String { get }
  /// Whether an app may set it.
  var isOutput: Bool { get }

  /// Opens the pin for the app, to set it if `asOutput`. The outside sees nothing of it before `activate()`.
  func open(asOutput: Bool) throws(HostErrno)
  /// Makes the pin this app's from here on: its predecessor has stopped. Returns what went wrong, for people.
  func activate() -> String?
  func level() throws(HostErrno) -> Int32
  /// Sets the level.
  ///
  /// - Parameter level: 0 or 1.
  func set(_ level: Int32) throws(HostErrno)
  /// Has `onChange` told of these edges, with `handle`, from now on.
  func watch(_ edges: PinEdges, handle: Int32) throws(HostErrno)
  /// The newest level, if it changed since the last call of this.
  func takeChange() -> PinLevel?
}
