import DeviceProtocol

/// What an app may use. At a limit the app gets an error result or is ended; the agent never grows with it.
package struct AppLimits: Sendable, Equatable {
  /// Linear memory, in bytes. `memory.grow` past it fails inside the app.
  package var memoryBytes: Int
  /// The most elements of each table.
  package var tableElements: Int
  /// Stack of WebAssembly code, in bytes.
  package var stackBytes: Int
  /// How long one call of `xtb_event` may take.
  package var eventDeadline: Duration
  /// Processor time that an app with `_start` may use without once waiting or printing. An app that computes for
  /// longer than this in one go counts as hung.
  package var busyDeadline: Duration
  /// How many log lines, of all sources together, pass in a second, over time.
  package var logLinesPerSecond: Int
  /// How many log lines pass at once.
  package var logBurstLines: Int
  /// The longest log line, in bytes; longer ones are cut.
  package var logLineBytes: Int
  /// How many publications may wait for their acknowledgement; one more gets −6 (AGAIN).
  package var publishQueue: Int
  /// The longest payload of a publication; a longer one gets −28 (INVAL).
  package var publishPayloadBytes: Int
  /// How many publications and subscriptions an app may make in a second, over time, and twice as many at once; one
  /// more gets −6 (AGAIN).
  package var publicationsPerSecond: Int
  /// How many timers may run at once; one more gets −51 (NOSPC).
  package var timers: Int
  /// How many bytes of keys and values, which outlive the app, it may keep.
  package var keyValueBytes: Int
  /// Reserves 4 GiB of address space for the app's memory, which makes tight loops about 1.5 times faster. Boards
  /// with a small address space turn it off.
  package var reservesAddressSpace: Bool

  package init(
    memoryBytes: Int = 64 << 20, tableElements: Int = 65_536, stackBytes: Int = 512 << 10,
    eventDeadline: Duration = .seconds(1), busyDeadline: Duration = .seconds(10), logLinesPerSecond: Int = 50,
    logBurstLines: Int = 200, logLineBytes: Int = 1024, publishQueue: Int = 32,
    publishPayloadBytes: Int = DeviceLimit.appMessageBytes.value,
    publicationsPerSecond: Int = 200, timers: Int = 32, keyValueBytes: Int = 64 << 10,
    reservesAddressSpace: Bool = true
  ) {
    self.memoryBytes = memoryBytes
    self.tableElements = tableElements
    self.stackBytes = stackBytes
    self.eventDeadline = eventDeadline
    self.busyDeadline = busyDeadline
    self.logLinesPerSecond = logLinesPerSecond
    self.logBurstLines = logBurstLines
    self.logLineBytes = logLineBytes
    self.publishQueue = publishQueue
    self.publishPayloadBytes = publishPayloadBytes
    self.publicationsPerSecond = publicationsPerSecond
    self.timers = timers
    self.keyValueBytes = keyValueBytes
    self.reservesAddressSpace = reservesAddressSpace
  }

  /// What an app gets whose device is told nothing else.
  package static let standard = AppLimits()
}
