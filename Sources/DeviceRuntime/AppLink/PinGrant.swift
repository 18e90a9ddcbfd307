/// A pin that an app may open by its `name`.
package struct PinGrant: Sendable, Equatable {
  /// What the pin is.
  package enum Source: Sendable, Equatable {
    /// Held by the agent; `level` is its level at the launch.
    case simulated(level: Int32)
    /// A line of a GPIO character device, such as line 17 of "/dev/gpiochip0".
    case line(chip: String, offset: UInt32, isActiveLow: Bool)
  }

  package var name: String
  /// Whether an app may set the pin, too.
  package var isOutput: Bool
  /// What the app's process is to open for it.
  package var source: Source

  package init(name: String, isOutput: Bool, source: Source) {
    self.name = name
    self.isOutput = isOutput
    self.source = source
  }
}

/// The level of the simulated pin called `name`, or of an output that an app set.
package struct PinLevel: Sendable, Equatable {
  package var name: String
  /// 0 or 1.
  package var level: Int32
  /// How often the level changed since the launch, so that a pin that blinks shows as one.
  package var changes: UInt64

  package init(name: String, level: Int32, changes: UInt64) {
    self.name = name
    self.level = level
    self.changes = changes
  }
}
