package import AppLink
package import DeviceProtocol

/// Which changes of a pin make an event. The numbers are the host API's.
package struct PinEdges: OptionSet, Sendable {
  /// As the app gives it.
  package var rawValue: Int32

  package init(rawValue: Int32) {
    self.rawValue = rawValue
  }

  /// From 0 to 1.
  package static let rising = PinEdges(rawValue: 1)
  /// From 1 to 0.
  package static let falling = PinEdges(rawValue: 2)

  func includes(_ level: Int32) -> Bool { contains(level == 0 ? .falling : .rising) }
}

/// A change of a watched pin.
package struct PinChange: Sendable, Equatable {
  /// The one that the watch was begun with.
  package var handle: Int32
  /// Since the change: 0 or 1.
  package var level: Int32
  /// On the monotonic clock.
  package var nanoseconds: UInt64
}

/// A pin in the app's process. Its methods are called by the app's thread, and its watch tells on any thread.
package protocol Pin: AnyObject, Sendable {
  var name: String { get }
  /// Whether an app may set it.
  var isOutput: Bool { get }

  /// The app opened it, to set it if `asOutput`. The outside sees nothing of it before `activate()`.
  func open(asOutput: Bool) throws(HostErrno)
  /// The app's predecessor has stopped: from here on the pin is this app's. Returns what went wrong, for people.
  func activate() -> String?
  func level() throws(HostErrno) -> Int32
  /// - Parameter level: 0 or 1.
  func set(_ level: Int32) throws(HostErrno)
  /// `onChange` is told of these edges, with `handle`, from now on.
  func watch(_ edges: PinEdges, handle: Int32) throws(HostErrno)
  /// The newest level, if it changed since the last call of this.
  func takeChange() -> PinLevel?
}
