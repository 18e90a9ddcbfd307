import Logging

/// Takes rows away in batches, so that no transaction is long.
struct Removal {
  let logger: Logger

  /// Batch after batch, until one finds nothing. A failure is told, and left to the next time.
  ///
  /// - Parameters:
  ///   - what: of what the rows are, for the log.
  ///   - batch: how many rows it took away; nil if there was nothing.
  func remove(_ what: String, _ batch: () async throws -> Int?) async {
    var total = 0
    do {
      while !Task.isCancelled, let removed = try await batch() { total += removed }
    } catch {
      if !Task.isCancelled {
        logger.warning("not removed, trying again later", metadata: ["what": "\(what)", "error": "\(error)"])
      }
    }
    if total > 0 { logger.info("removed", metadata: ["what": "\(what)", "count": "\(total)"]) }
  }

  /// As `remove`, of batches that tell 0 when there was nothing.
  func removeAll(_ what: String, _ batch: () async throws -> Int) async {
    await remove(what) {
      let removed = try await batch()
      return removed == 0 ? nil : removed
    }
  }
}
