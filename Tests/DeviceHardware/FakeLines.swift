import CLinux
import Glibc
import Synchronization
import Testing

@testable import DeviceHardware

/// Stands in for the kernel's GPIO lines, by the layout of its structures and the numbers of its requests.
///
/// The machines that run the tests have no GPIO chip, and none can be simulated without a module of the kernel
/// (`gpio-sim`), so the real one is not beside it in any test. These stand for its truth: `theLayoutIsTheKernels` has a C
/// compiler compare layout and numbers with the kernel's own header; that a line which somebody has is `EBUSY`, that a
/// line which is no output can't be set (`EPERM`), and that only the edges that were asked for are told, is as
/// https://docs.kernel.org/userspace-api/gpio/chardev.html has it; and pins on these lines keep the same suite as
/// simulated ones, `PinConformanceTests`.
final class FakeLines: LineControl {
  struct Line {
    /// What the process holds, and the end that events are written to.
    var descriptor: Int32 = -1
    var events: Int32 = -1
    var flags: UInt64 = 0
    var level: UInt64 = 0
  }

  private struct State {
    var lines: [UInt32: Line] = [:]
    var requests: [UInt] = []
    var refusal: Int32 = 0
  }

  private let state = Mutex(State())

  deinit {
    for line in state.withLock({ $0.lines.values.map { ($0.descriptor, $0.events) } }) {
      close(line.0)
      close(line.1)
    }
  }

  var requests: [UInt] { state.withLock { $0.requests } }
  func line(_ offset: UInt32) -> Line? { state.withLock { $0.lines[offset] } }
  /// From now on all requests fail with this errno; 0: none.
  func refuse(_ code: Int32) { state.withLock { $0.refusal = code } }

  func control(_ descriptor: Int32, _ request: UInt, _ argument: UnsafeMutableRawPointer) -> Int32 {
    state.withLock { state in
      state.requests.append(request)
      guard state.refusal == 0 else { return state.refusal }
      let held = state.lines.first { $0.value.descriptor == descriptor }?.key
      switch (request, held) {
      case (LINUX_GPIO_GET_LINE, nil):
        let wanted = argument.assumingMemoryBound(to: linux_gpio_line_request.self)
        guard wanted.pointee.line_count == 1, state.lines[wanted.pointee.offsets.0] == nil else { return EBUSY }
        var ends: [Int32] = [-1, -1]
        guard linux_pipe2(&ends, O_CLOEXEC) == 0 else { return errno }
        var line = Line(descriptor: ends[0], events: ends[1])
        configure(&line, wanted.pointee.config)
        state.lines[wanted.pointee.offsets.0] = line
        wanted.pointee.descriptor = ends[0]
        return 0
      case (LINUX_GPIO_SET_CONFIG, let offset?):
        var line = state.lines[offset] ?? Line()
        configure(&line, argument.assumingMemoryBound(to: linux_gpio_line_config.self).pointee)
        state.lines[offset] = line
        return 0
      case (LINUX_GPIO_GET_VALUES, let offset?):
        let values = argument.assumingMemoryBound(to: linux_gpio_line_values.self)
        guard values.pointee.mask == 1 else { return EINVAL }
        values.pointee.bits = state.lines[offset]?.level ?? 0
        return 0
      case (LINUX_GPIO_SET_VALUES, let offset?):
        let values = argument.assumingMemoryBound(to: linux_gpio_line_values.self).pointee
        guard values.mask == 1, (state.lines[offset]?.flags ?? 0) & UInt64(LINUX_GPIO_OUTPUT) != 0 else { return EPERM }
        state.lines[offset]?.level = values.bits
        return 0
      default: return ENOTTY
      }
    }
  }

  private func configure(_ line: inout Line, _ config: linux_gpio_line_config) {
    line.flags = config.flags
    if config.attribute_count == 1, config.attributes.0.mask == 1,
      config.attributes.0.attribute.id == linux_gpio_u32(LINUX_GPIO_ATTRIBUTE_OUTPUT_VALUES)
    {
      line.level = config.attributes.0.attribute.value
    }
  }

  /// The outside changes an input: the kernel tells if it was asked to.
  func drive(_ offset: UInt32, to level: UInt64, at nanoseconds: UInt64) {
    let (events, flags): (Int32, UInt64) = state.withLock { state in
      state.lines[offset]?.level = level
      return (state.lines[offset]?.events ?? -1, state.lines[offset]?.flags ?? 0)
    }
    let edge = level == 1 ? LINUX_GPIO_EDGE_RISING : LINUX_GPIO_EDGE_FALLING
    guard flags & UInt64(edge) != 0 else { return }
    var event = linux_gpio_line_event()
    event.timestamp_nanoseconds = nanoseconds
    event.id = linux_gpio_u32(level == 1 ? LINUX_GPIO_EVENT_RISING : LINUX_GPIO_EVENT_FALLING)
    event.offset = offset
    #expect(write(events, &event, 48) == 48)
  }
}
