package import AppLink
import Foundations
import Glibc
import Synchronization

/// The pins of an app's process.
package final class AppPins: Sendable {
  private let pins: [ByteText: any Pin]
  private let flag: UntoldFlag
  /// What could not be opened, for people.
  package let problems: [String]

  /// - Parameters:
  ///   - onChange: called when a watched pin changed.
  ///   - onUntold: called when `takeChanges()` has something to tell.
  package convenience init(
    _ grants: [PinGrant], onChange: @escaping @Sendable (PinChange) -> Void,
    onUntold: @escaping @Sendable () -> Void
  ) {
    self.init(grants, control: KernelLineControl(), onChange: onChange, onUntold: onUntold)
  }

  init(
    _ grants: [PinGrant], control: any LineControl,
    onChange: @escaping @Sendable (PinChange) -> Void, onUntold: @escaping @Sendable () -> Void
  ) {
    let flag = UntoldFlag()
    let tell: @Sendable () -> Void = { if flag.raise() { onUntold() } }
    var problems: [String] = []
    var pins: [ByteText: any Pin] = [:]
    var chips: [String: Int32] = [:]
    for grant in grants {
      switch grant.source {
      case .simulated(let level):
        pins[grant.name] = SimulatedPin(grant, level: level, onChange: onChange, onUntold: tell)
      case .line(let path, let offset, let isActiveLow):
        // Kept for the process's life: it can open none later.
        let chip = chips[path] ?? Glibc.open(path, O_RDWR | O_CLOEXEC)
        if chip < 0 {
          problems.append("pin \(grant.name): \(path): \(String(cString: strerror(errno)))")
        } else {
          chips[path] = chip
        }
        pins[grant.name] = LinePin(
          grant, chip: chip, offset: offset, isActiveLow: isActiveLow, control: control, onChange: onChange,
          onUntold: tell)
      }
    }
    self.pins = pins
    self.problems = problems
    self.flag = flag
  }

  /// The pin of that name; nil if the app was not granted it.
  package subscript(name: String) -> (any Pin)? { pins[name] }

  /// Hands the pins to the app, whose predecessor has stopped; returns what went wrong, for people.
  package func activate() -> [String] { pins.values.compactMap { $0.activate() } }

  /// Sets a simulated pin as a person or a test does; other pins are left as they are.
  package func setFromOutside(_ name: String, _ level: Int32) {
    (pins[name] as? SimulatedPin)?.setFromOutside(level == 0 ? 0 : 1)
  }

  /// Whether `takeChanges()` has something to tell.
  package var hasUntoldChanges: Bool { flag.isRaised }

  /// The newest levels of the pins that changed since the last call.
  package func takeChanges() -> [PinLevel] {
    guard flag.lower() else { return [] }
    return pins.values.compactMap { $0.takeChange() }.sorted { $0.name < $1.name }
  }
}

/// Whether a pin has something to tell; raised by its change, lowered by who tells it.
private final class UntoldFlag: Sendable {
  private let value = Atomic(false)

  var isRaised: Bool { value.load(ordering: .acquiring) }

  /// Raises the flag; true if it was down.
  func raise() -> Bool { !value.exchange(true, ordering: .acquiringAndReleasing) }

  /// Lowers the flag; true if it was up.
  func lower() -> Bool { value.exchange(false, ordering: .acquiringAndReleasing) }
}
