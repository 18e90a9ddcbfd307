package import RuntimeBundle

/// Why a runtime is not installed, though it is whole and signed.
package enum RuntimeRefusal: Error, Sendable, Equatable, CustomStringConvertible {
  case otherArchitecture(String, own: String)
  case belowMinimum(RuntimeVersion, minimum: RuntimeVersion)
  case notNewer(RuntimeVersion, kept: RuntimeVersion)
  case trialUnderWay(RuntimeVersion)
  case noSpace(neededBytes: UInt64, availableBytes: UInt64)
  /// Nobody may sign runtimes for this device.
  case noKeys

  package var description: String {
    switch self {
    case .otherArchitecture(let architecture, let own):
      "the runtime is for \(architecture), and this device is \(own): get the bundle for \(own)"
    case .belowMinimum(let version, let minimum):
      "this device takes no runtime below \(minimum), and this is \(version): it was confirmed to be replaced"
    case .notNewer(let version, let kept):
      "the device has runtime \(kept), and \(version) is not newer: pack it with --downgrade if it is to go back"
    case .trialUnderWay(let version):
      "runtime \(version) is on trial: wait until it is confirmed, or roll it back first"
    case .noSpace(let needed, let available):
      "the runtime needs \(needed) bytes, and \(available) are free: make room on the device"
    case .noKeys:
      "nobody may sign runtimes for this device: name a key for xtblish-runtime in the root document"
    }
  }
}
