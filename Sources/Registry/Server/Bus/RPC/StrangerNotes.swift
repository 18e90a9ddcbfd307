import Foundations
import Synchronization

/// Devices that speak and are not known here, as after a restore from a backup that is older than they are, or a deletion
/// without their certificates being taken back. Each is told once an hour, and of few at a time.
final class StrangerNotes: Sendable {
  private static let interval = Duration.seconds(3600)
  private static let maximumDevices = 1000

  private let toldAt = Mutex<[DeviceID: ContinuousClock.Instant]>([:])

  /// - Returns: those that are worth a line now.
  func add(_ devices: some Sequence<DeviceID>, now: ContinuousClock.Instant = .now) -> [DeviceID] {
    toldAt.withLock { toldAt in
      var news: [DeviceID] = []
      for device in devices {
        if let told = toldAt[device], now - told < Self.interval { continue }
        if toldAt.count >= Self.maximumDevices, toldAt[device] == nil {
          toldAt = toldAt.filter { now - $0.value < Self.interval }
          if toldAt.count >= Self.maximumDevices { continue }
        }
        toldAt[device] = now
        news.append(device)
      }
      return news
    }
  }
}
