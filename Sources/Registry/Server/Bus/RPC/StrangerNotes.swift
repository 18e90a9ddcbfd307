import Foundations
import Synchronization

/// Remembers which unknown devices were told of in the log, so that each is told once an hour, and at most 1,000 at a
/// time. A device speaks and is not known after a restore from a backup that is older than it is, or after a deletion
/// without its certificates being taken back.
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
