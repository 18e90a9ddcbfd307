import Logging

/// Takes rows away in batches, so that no transaction is long.
struct Removal {
  let logger: Logger

  /// Runs batch after batch, until one finds nothing. A failure is logged, and left to the next time.
  ///
  /// - Parameters:
  ///   - what: whose rows they are, for the log.
  ///   - batch: how many rows it took away; nil if there was nothing.
  func remove(_ what: String, _ batch: () async throws -> Int?) async {
    var total = 0
    do {
      while !Task.isCancelled, let removed = try await batch() { total += removed }
    } catch {
      if !Task.isCancelled {
        logger.warning("not removed, trying again later", metadata: ["kind": "\(what)", "error": "\(error)"])
      }
    }
    if total > 0 { logger.info("removed", metadata: ["kind": "\(what)", "count": "\(total)"]) }
  }

  /// The same as ``remove(_:_:)`` for batches that tell 0 when there was nothing.
  func removeAll(_ what: String, _ batch: () async throws -> Int) async {
    await remove(what) {
      let removed = try await batch()
      return removed == 0 ? nil : removed
    }
  }
}
