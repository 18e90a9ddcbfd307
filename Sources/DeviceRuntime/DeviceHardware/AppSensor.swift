package import AppLink
package import DeviceProtocol
import Foundations
import Synchronization

/// A sensor of an app's process. One thread reads, another exchanges its sources.
package final class AppSensor: Sendable {
  private enum Channel {
    case constant(Int64)
    case waveform(Waveform)
    case industrial(IndustrialChannel)
    /// Could not be opened.
    case broken
  }

  private let channels: Mutex<[Channel]>

  /// - Parameter problems: gets what could not be opened, for people.
  package init(_ grant: SensorGrant, _ problems: inout [String]) {
    channels = Mutex(Self.channels(of: grant, &problems))
  }

  /// The value of a channel, the first of which is 0, in millionths of its unit.
  ///
  /// - Parameter now: on the monotonic clock.
  package func read(channel: Int32, at now: UInt64) throws(HostErrno) -> Int64 {
    let found = channels.withLock { $0.indices.contains(Int(channel)) ? $0[Int(channel)] : nil }
    switch found {
    case .constant(let value): return value
    case .waveform(let waveform): return waveform.microUnits(at: now)
    case .industrial(let input):
      guard let value = input.microUnits() else { throw .inputOutput }
      return value
    case .broken: throw .inputOutput
    case nil: throw .invalid
    }
  }

  func replace(_ grant: SensorGrant) {
    var problems: [String] = []
    let replacement = Self.channels(of: grant, &problems)
    channels.withLock { $0 = replacement }
  }

  private static func channels(of grant: SensorGrant, _ problems: inout [String]) -> [Channel] {
    var channels: [Channel] = []
    for source in grant.channels {
      switch source {
      case .constant(let value): channels.append(.constant(value))
      case .waveform(let waveform): channels.append(.waveform(waveform))
      case .industrialInput(let input):
        do throws(AppLaunchError) {
          channels.append(.industrial(try IndustrialChannel(input)))
        } catch {
          problems.append("sensor \(grant.name): \(error)")
          channels.append(.broken)
        }
      }
    }
    return channels
  }
}
