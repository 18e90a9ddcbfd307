import CLinux
import DeviceProtocol
import Glibc
import Synchronization
import TestSupport
import Testing

@testable import AppLink
@testable import DeviceHardware

/// What both kinds of pins do.
@Suite(.seated) struct PinConformanceTests {
  enum Kind: CaseIterable {
    case simulated
    case line
  }

  final class Rig: Sendable {
    let lines = FakeLines()
    let changes = Mutex<[PinChange]>([])
    let untold = Mutex(0)

    func pin(_ kind: Kind, isOutput: Bool, isActive: Bool = true) -> any Pin {
      let onChange: @Sendable (PinChange) -> Void = { change in self.changes.withLock { $0.append(change) } }
      let onUntold: @Sendable () -> Void = { self.untold.withLock { $0 += 1 } }
      let pin: any Pin
      switch kind {
      case .simulated:
        pin = SimulatedPin(
          PinGrant(name: "p", isOutput: isOutput, source: .simulated(level: 0)), level: 0, onChange: onChange,
          onUntold: onUntold)
      case .line:
        pin = LinePin(
          PinGrant(name: "p", isOutput: isOutput, source: .line(chip: "c", offset: 5, isActiveLow: false)), chip: -1,
          offset: 5, isActiveLow: false, control: lines, onChange: onChange, onUntold: onUntold)
      }
      if isActive { #expect(pin.activate() == nil) }
      return pin
    }

    func drive(_ pin: any Pin, to level: Int32) {
      if let simulated = pin as? SimulatedPin {
        simulated.setFromOutside(level)
      } else {
        lines.drive(5, to: UInt64(level), at: 77)
      }
    }
  }

  @Test(arguments: Kind.allCases) func anOutputIsSetAndRead(kind: Kind) throws {
    let rig = Rig()
    let pin = rig.pin(kind, isOutput: true)
    try pin.open(asOutput: true)
    #expect(try pin.level() == 0)
    try pin.set(1)
    #expect(try pin.level() == 1)
    try pin.set(1)
    try pin.set(0)
    #expect(pin.takeChange() == PinLevel(name: "p", level: 0, changes: 2))
    #expect(pin.takeChange() == nil)
    #expect(rig.untold.withLock { $0 } == 1)
  }

  @Test(arguments: Kind.allCases) func anInputCantBeSet(kind: Kind) throws {
    let rig = Rig()
    let pin = rig.pin(kind, isOutput: false)
    #expect(throws: HostErrno.access) { try pin.open(asOutput: true) }
    try pin.open(asOutput: false)
    #expect(throws: HostErrno.access) { try pin.set(1) }
    rig.drive(pin, to: 1)
    #expect(try pin.level() == 1)
  }

  @Test(arguments: Kind.allCases) func anOutputCantBeWatched(kind: Kind) throws {
    let pin = Rig().pin(kind, isOutput: true)
    try pin.open(asOutput: true)
    #expect(throws: HostErrno.access) { try pin.watch([.rising], handle: 1) }
  }

  @Test(arguments: Kind.allCases) func onlyWatchedEdgesAreTold(kind: Kind) async throws {
    let rig = Rig()
    let pin = rig.pin(kind, isOutput: false)
    try pin.open(asOutput: false)
    try pin.watch([.falling], handle: 8)
    rig.drive(pin, to: 1)
    rig.drive(pin, to: 0)
    try await eventually { rig.changes.withLock { $0.count } == 1 }
    try pin.watch([.rising, .falling], handle: 9)
    rig.drive(pin, to: 1)
    try await eventually { rig.changes.withLock { $0.count } == 2 }
    try pin.watch([], handle: 9)
    rig.drive(pin, to: 0)
    try pin.watch([.rising], handle: 10)
    rig.drive(pin, to: 1)
    try await eventually { rig.changes.withLock { $0.count } == 3 }
    let changes = rig.changes.withLock { $0 }
    #expect(changes.map(\.handle) == [8, 9, 10])
    #expect(changes.map(\.level) == [0, 1, 1])
    if kind == .line { #expect(changes.allSatisfy { $0.nanoseconds == 77 }) }
  }
}

/// What only a line of the kernel does.
@Suite(.seated) struct LinePinTests {
  typealias Rig = PinConformanceTests.Rig

  @Test func anOutputIsTheAppsFromItsActivation() throws {
    let rig = Rig()
    let pin = rig.pin(.line, isOutput: true, isActive: false)
    try pin.open(asOutput: true)
    try pin.set(1)
    #expect(try pin.level() == 1)
    #expect(rig.lines.requests.isEmpty)
    #expect(pin.activate() == nil)
    #expect(rig.lines.requests == [LINUX_GPIO_GET_LINE])
    #expect(rig.lines.line(5)?.level == 1)
    #expect(rig.lines.line(5)?.flags == UInt64(LINUX_GPIO_OUTPUT))
  }

  @Test func anInputCantBeReadBeforeItsActivation() throws {
    let rig = Rig()
    let pin = rig.pin(.line, isOutput: false, isActive: false)
    try pin.open(asOutput: false)
    try pin.watch([.rising], handle: 1)
    #expect(throws: HostErrno.again) { try pin.level() }
    #expect(pin.activate() == nil)
    #expect(rig.lines.line(5)?.flags == UInt64(LINUX_GPIO_INPUT | LINUX_GPIO_EDGE_RISING))
    #expect(try pin.level() == 0)
  }

  @Test func aPinThatIsNotOpenedIsNotTaken() {
    let rig = Rig()
    _ = rig.pin(.line, isOutput: true)
    #expect(rig.lines.requests.isEmpty)
  }

  @Test(arguments: [
    (EBUSY, HostErrno.again), (EPERM, .access), (EACCES, .access), (EIO, .inputOutput), (ENODEV, .inputOutput),
  ])
  func aRefusedLineIsAnErrorAndAskedForAgain(code: Int32, failure: HostErrno) throws {
    let rig = Rig()
    let pin = rig.pin(.line, isOutput: true, isActive: false)
    try pin.open(asOutput: true)
    rig.lines.refuse(code)
    #expect(pin.activate()?.contains("line 5") == true)
    #expect(throws: failure) { try pin.set(1) }
    #expect(throws: failure) { try pin.level() }
    #expect(pin.takeChange() == nil)
    rig.lines.refuse(0)
    try pin.set(1)
    #expect(rig.lines.line(5)?.level == 1)
    #expect(pin.takeChange() == PinLevel(name: "p", level: 1, changes: 1))
  }

  /// The kernel's own header says the same as ours.
  @Test func theLayoutIsTheKernels() async throws {
    let pairs = [
      ("line_values", "line_values", ["bits:bits", "mask:mask"]),
      ("line_attribute", "line_attribute", ["id:id", "value:values"]),
      ("line_config_attribute", "line_config_attribute", ["attribute:attr", "mask:mask"]),
      ("line_config", "line_config", ["flags:flags", "attribute_count:num_attrs", "attributes:attrs"]),
      (
        "line_request", "line_request",
        [
          "offsets:offsets", "consumer:consumer", "config:config", "line_count:num_lines",
          "event_buffer_size:event_buffer_size", "descriptor:fd",
        ]
      ),
      ("line_event", "line_event", ["timestamp_nanoseconds:timestamp_ns", "id:id", "offset:offset"]),
    ]
    var checks = ""
    for (ours, theirs, fields) in pairs {
      let (ours, theirs) = ("struct linux_gpio_\(ours)", "struct gpio_v2_\(theirs)")
      checks += "_Static_assert(sizeof(\(ours)) == sizeof(\(theirs)), \"size\");\n"
      for field in fields {
        let names = field.split(separator: ":")
        checks += "_Static_assert(offsetof(\(ours), \(names[0])) == offsetof(\(theirs), \(names[1])), \"\(field)\");\n"
      }
    }
    for (ours, theirs) in [
      ("LINUX_GPIO_ACTIVE_LOW", "GPIO_V2_LINE_FLAG_ACTIVE_LOW"), ("LINUX_GPIO_INPUT", "GPIO_V2_LINE_FLAG_INPUT"),
      ("LINUX_GPIO_OUTPUT", "GPIO_V2_LINE_FLAG_OUTPUT"), ("LINUX_GPIO_EDGE_RISING", "GPIO_V2_LINE_FLAG_EDGE_RISING"),
      ("LINUX_GPIO_EDGE_FALLING", "GPIO_V2_LINE_FLAG_EDGE_FALLING"),
      ("LINUX_GPIO_ATTRIBUTE_OUTPUT_VALUES", "GPIO_V2_LINE_ATTR_ID_OUTPUT_VALUES"),
      ("LINUX_GPIO_EVENT_RISING", "GPIO_V2_LINE_EVENT_RISING_EDGE"),
      ("LINUX_GPIO_EVENT_FALLING", "GPIO_V2_LINE_EVENT_FALLING_EDGE"),
    ] {
      checks += "_Static_assert((int)\(ours) == (int)\(theirs), \"\(theirs)\");\n"
    }
    var program = """
      #include <stddef.h>
      #include <linux/gpio.h>
      #include "\(packageDirectory())/Sources/Bindings/CLinux/gpio.h"
      \(checks)
      int main(void) {
        int wrong = 0;

      """
    for (ours, theirs) in [
      ("GET_LINE", "GPIO_V2_GET_LINE_IOCTL"), ("SET_CONFIG", "GPIO_V2_LINE_SET_CONFIG_IOCTL"),
      ("GET_VALUES", "GPIO_V2_LINE_GET_VALUES_IOCTL"), ("SET_VALUES", "GPIO_V2_LINE_SET_VALUES_IOCTL"),
    ] {
      program += "  wrong += LINUX_GPIO_\(ours) != \(theirs);\n"
    }
    program += "  return wrong;\n}\n"
    let folder = try TemporaryFolder("xtblish-gpio")
    try writeFile(folder.path("layout.c"), program)
    let compiler = try ChildProcess("cc", ["-o", folder.path("layout"), folder.path("layout.c")])
    #expect(try await compiler.waitForExit() == .exited(0), "\(compiler.output)")
    let check = try ChildProcess(folder.path("layout"), [])
    #expect(try await check.waitForExit() == .exited(0))
  }
}
