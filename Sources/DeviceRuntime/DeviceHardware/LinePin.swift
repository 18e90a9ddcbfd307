import AppLink
import CLinux
import DeviceProtocol
import Glibc
import Linux
import Synchronization

/// A line of a GPIO character device. The kernel gives a line to one process at a time, so it is requested when the
/// app is activated; what the app sets before that is its first level then.
final class LinePin: Pin {
  private struct State {
    /// -1 until the kernel gave the line.
    var descriptor: Int32 = -1
    var isOpen = false
    var asOutput = false
    var isActive = false
    var level: Int32 = 0
    var changes: UInt64 = 0
    var isUntold = false
    var edges: PinEdges = []
    var handle: Int32 = 0
    var isWatched = false
  }

  let name: String
  let isOutput: Bool
  private let chip: Int32
  private let offset: UInt32
  private let isActiveLow: Bool
  private let control: any LineControl
  private let state = Mutex(State())
  private let onChange: @Sendable (PinChange) -> Void
  private let onUntold: @Sendable () -> Void

  /// - Parameter chip: an open descriptor of the device, which outlives the pin.
  init(
    _ grant: PinGrant, chip: Int32, offset: UInt32, isActiveLow: Bool, control: any LineControl,
    onChange: @escaping @Sendable (PinChange) -> Void, onUntold: @escaping @Sendable () -> Void
  ) {
    name = grant.name
    isOutput = grant.isOutput
    self.chip = chip
    self.offset = offset
    self.isActiveLow = isActiveLow
    self.control = control
    self.onChange = onChange
    self.onUntold = onUntold
  }

  func open(asOutput: Bool) throws(HostErrno) {
    guard isOutput || !asOutput else { throw .access }
    let code = state.withLock { state in
      state.isOpen = true
      state.asOutput = asOutput
      return state.isActive ? request(&state) : 0
    }
    if code != 0 { throw Self.failure(code) }
  }

  func activate() -> String? {
    let code = state.withLock { state in
      state.isActive = true
      return state.isOpen ? request(&state) : 0
    }
    guard code != 0 else { return nil }
    return "pin \(name): the kernel does not give line \(offset): \(String(cString: strerror(code)))"
  }

  func level() throws(HostErrno) -> Int32 {
    let (code, level): (Int32, Int32) = state.withLock { state in
      if !state.isActive { return state.asOutput ? (0, state.level) : (EBUSY, 0) }
      let code = request(&state)
      guard code == 0 else { return (code, 0) }
      var values = linux_gpio_line_values()
      values.mask = 1
      let failure = control.control(state.descriptor, LINUX_GPIO_GET_VALUES, &values)
      return (failure, Int32(values.bits & 1))
    }
    guard code == 0 else { throw Self.failure(code) }
    return level
  }

  func set(_ level: Int32) throws(HostErrno) {
    let (code, isNews): (Int32, Bool) = state.withLock { state in
      guard state.asOutput else { return (EACCES, false) }
      if state.isActive {
        let code = write(level, &state)
        guard code == 0 else { return (code, false) }
      }
      guard state.level != level else { return (0, false) }
      state.level = level
      state.changes += 1
      defer { state.isUntold = true }
      return (0, !state.isUntold)
    }
    if isNews { onUntold() }
    if code != 0 { throw Self.failure(code) }
  }

  func watch(_ edges: PinEdges, handle: Int32) throws(HostErrno) {
    let (code, reads): (Int32, Int32?) = state.withLock { state in
      guard !state.asOutput else { return (EACCES, nil) }
      state.edges = edges
      state.handle = handle
      guard state.isActive else { return (0, nil) }
      if state.descriptor < 0 { return (request(&state), nil) }
      var config = configuration(state)
      let code = control.control(state.descriptor, LINUX_GPIO_SET_CONFIG, &config)
      return (code, code == 0 ? startsReading(&state) : nil)
    }
    if code != 0 { throw Self.failure(code) }
    if let reads { readEvents(of: reads) }
  }

  func takeChange() -> PinLevel? {
    state.withLock { state in
      guard state.isUntold else { return nil }
      state.isUntold = false
      return PinLevel(name: name, level: state.level, changes: state.changes)
    }
  }

  // MARK: With the lock held

  /// Asks the kernel for the line unless it gave it already. Returns 0 or an errno.
  private func request(_ state: inout State) -> Int32 {
    guard state.descriptor < 0 else { return 0 }
    var request = linux_gpio_line_request()
    request.offsets.0 = offset
    request.line_count = 1
    withUnsafeMutableBytes(of: &request.consumer) { $0.copyBytes(from: "xtblish".utf8) }
    request.config = configuration(state)
    let code = control.control(chip, LINUX_GPIO_GET_LINE, &request)
    guard code == 0 else { return code }
    state.descriptor = request.descriptor
    if let reads = startsReading(&state) { readEvents(of: reads) }
    return 0
  }

  private func write(_ level: Int32, _ state: inout State) -> Int32 {
    if state.descriptor < 0 {
      // The request takes the level along.
      let before = state.level
      defer { state.level = before }
      state.level = level
      return request(&state)
    }
    var values = linux_gpio_line_values()
    values.mask = 1
    values.bits = UInt64(level)
    return control.control(state.descriptor, LINUX_GPIO_SET_VALUES, &values)
  }

  private func configuration(_ state: State) -> linux_gpio_line_config {
    var config = linux_gpio_line_config()
    var flags = state.asOutput ? LINUX_GPIO_OUTPUT : LINUX_GPIO_INPUT
    if isActiveLow { flags |= LINUX_GPIO_ACTIVE_LOW }
    if state.edges.contains(.rising) { flags |= LINUX_GPIO_EDGE_RISING }
    if state.edges.contains(.falling) { flags |= LINUX_GPIO_EDGE_FALLING }
    config.flags = UInt64(flags)
    if state.asOutput {
      config.attribute_count = 1
      config.attributes.0.attribute.id = linux_gpio_u32(LINUX_GPIO_ATTRIBUTE_OUTPUT_VALUES)
      config.attributes.0.attribute.value = UInt64(state.level)
      config.attributes.0.mask = 1
    }
    return config
  }

  /// The descriptor to read events of, if nobody does yet.
  private func startsReading(_ state: inout State) -> Int32? {
    guard !state.edges.isEmpty, !state.isWatched else { return nil }
    state.isWatched = true
    return state.descriptor
  }

  // MARK: Events

  private func readEvents(of descriptor: Int32) {
    do {
      try NativeThread.start("pin", stackBytes: 128 << 10) { self.run(descriptor) }
    } catch {
      state.withLock { $0.isWatched = false }
    }
  }

  /// Until the line is gone; the process does not end for it.
  private func run(_ descriptor: Int32) {
    var event = linux_gpio_line_event()
    let size = MemoryLayout<linux_gpio_line_event>.size
    while true {
      let count = read(descriptor, &event, size)
      if count < 0, errno == EINTR { continue }
      guard count == size else { return }
      let level: Int32 = event.id == linux_gpio_u32(LINUX_GPIO_EVENT_RISING) ? 1 : 0
      let handle = state.withLock { $0.edges.includes(level) ? $0.handle : nil }
      if let handle {
        onChange(PinChange(handle: handle, level: level, nanoseconds: event.timestamp_nanoseconds))
      }
    }
  }

  private static func failure(_ code: Int32) -> HostErrno {
    switch code {
    case EBUSY: .again
    case EACCES, EPERM: .access
    default: .inputOutput
    }
  }
}
