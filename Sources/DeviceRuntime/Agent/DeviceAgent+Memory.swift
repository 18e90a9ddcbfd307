import DeviceImages
import Logging
import UpdateCore

extension DeviceAgent {
  /// Lets go of what the start needed, and later of what the last update did, while nothing is under way.
  func releaseMemoryWhenIdle() async {
    var pause = Self.settlingTime
    while true {
      do { try await Task.sleep(for: pause) } catch { return }
      pause = Self.releaseInterval
      guard machine.phase.isResting else { continue }
      let released = await storage.releaseFilePages()
      logger.debug("released memory", metadata: ["bytes": "\(released)"])
    }
  }

  /// After this time, whatever the start alone needs was used.
  private static let settlingTime = Duration.seconds(5)
  /// The time between two releases: the usual heartbeat. Reading `/proc` and touching again what is still used costs
  /// some milliseconds.
  private static let releaseInterval = Duration.seconds(30)
}

extension SlotStore {
  /// Gives back the pages of files. On this actor because it may block on a slow `/proc`, and the actor has a thread
  /// for that.
  func releaseFilePages() -> Int { ResidentMemory.releaseFilePages() }
}
