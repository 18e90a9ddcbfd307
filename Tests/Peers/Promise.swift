package import Testing

/// One thing that callers rely on, said of whoever stands in a place: the real service, and what plays it in tests.
///
/// A contract is a list of them. It is run against the real one in the tests of whole services and against each player
/// in the tests that use it, so that a player can't accept what the real one refuses.
package struct Promise<Peer: Sendable>: Sendable {
  let name: String
  let keep: @Sendable (Peer) async throws -> Void
}

/// Records an issue for each promise that the peer breaks.
package func expect<Peer>(
  _ peer: Peer, toKeep promises: [Promise<Peer>], sourceLocation: SourceLocation = #_sourceLocation
) async {
  for promise in promises {
    do {
      try await promise.keep(peer)
    } catch {
      Issue.record("\(promise.name): \(error)", sourceLocation: sourceLocation)
    }
  }
}
