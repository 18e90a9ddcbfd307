package import Logging
import Metrics
import ServiceLifecycle
import Synchronization
import TextFormats

/// Watches how much room there is where this process writes. The metrics always tell it; when there is too little,
/// the log says so and the service is not ready.
package final class DiskWatch: Service {
  private static let lookInterval = Duration.seconds(5)

  private struct Place {
    let path: String
    let free: Gauge
    let size: Gauge
  }

  private let places: [Place]
  private let minimumBytes: Int
  private let logger: Logger
  private let isFull = Atomic(false)

  /// - Parameters:
  ///   - paths: folders that the process writes to.
  ///   - minimumBytes: with less the disk counts as full; see ``DiskSpace/floor(_:)``.
  package init(_ paths: [String], minimumBytes: Int, logger: Logger) {
    places = paths.map { path in
      let dimensions = [("path", path)]
      return Place(
        path: path, free: Gauge(label: "xtblish_disk_free_bytes", dimensions: dimensions),
        size: Gauge(label: "xtblish_disk_size_bytes", dimensions: dimensions))
    }
    self.minimumBytes = minimumBytes
    self.logger = logger
  }

  /// Adds the check to the service's readiness, under the name `disk`.
  package func register(on readiness: Readiness) {
    readiness.add("disk") { try self.check() }
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        self.look()
        try? await Task.sleep(for: Self.lookInterval)
      }
    }
  }

  private func look() {
    do {
      try check()
      if isFull.exchange(false, ordering: .relaxed) { logger.info("there is room on the disk again") }
    } catch {
      if !isFull.exchange(true, ordering: .relaxed) {
        logger.error("the disk is full", metadata: ["error": "\(error)"])
      }
    }
  }

  /// Looks at all places, and records the metrics.
  ///
  /// - Throws: `Full` while one of the places has too little room.
  package func check() throws {
    var full: [String] = []
    for place in places {
      // A folder that is not there yet is somebody else's complaint.
      guard let space = DiskSpace(of: place.path) else { continue }
      place.free.record(space.freeBytes)
      place.size.record(space.sizeBytes)
      let floor = space.floor(minimumBytes)
      guard space.freeBytes < floor else { continue }
      full.append(
        "\(HumanText.bytes(space.freeBytes)) of \(HumanText.bytes(space.sizeBytes)) are free at \(place.path), at least "
          + "\(HumanText.bytes(floor)) must be: free space there, or enlarge the disk")
    }
    guard full.isEmpty else { throw Full(description: full.joined(separator: "; ")) }
  }

  /// Names the places with too little room, and what to do.
  package struct Full: Error, CustomStringConvertible {
    package let description: String
  }
}
