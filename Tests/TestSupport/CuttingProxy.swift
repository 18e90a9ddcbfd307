import Foundation
import Synchronization

/// A TCP link to a server on this machine that a test cuts where it wants.
///
/// What passes is looked at before it is handed on; the test says for each piece whether the link holds. Cut, both ends
/// are closed, and nothing of that piece arrives.
package final class CuttingProxy: Sendable {
  package enum Direction: Sendable { case toServer, toClient }

  /// One piece of one connection.
  package struct Piece: Sendable {
    /// From 1, in the order in which they were made.
    package var connection: Int
    package var direction: Direction
    package var bytes: [UInt8]
    /// Bytes that passed in this direction before.
    package var passed: Int
  }

  private struct State {
    var connections = 0
    var cuts = 0
    var open: Set<Int32> = []
    var isClosed = false
  }

  package let port: Int
  private let target: Int
  private let freePort: FreePort
  private let listener: Int32
  private let state = Mutex(State())
  private let holds: Mutex<@Sendable (Piece) -> Bool>

  /// - Parameter holds: false: the link breaks.
  package init(to target: Int, holds: @escaping @Sendable (Piece) -> Bool = { _ in true }) throws {
    self.target = target
    self.holds = Mutex(holds)
    freePort = try FreePort()
    port = freePort.number
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var reuse: Int32 = 1
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
    var address = loopback(port)
    let isBound = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isBound, listen(listener, 64) == 0 else {
      close(listener)
      throw TestFailure("can't listen on \(port): \(errorText())")
    }
    Thread.detachNewThread { [weak self, listener] in
      while true {
        let client = accept(listener, nil, nil)
        if client < 0 {
          // A client that gave up before it was taken; anything else ends the link, as `stop` does.
          if errno == EINTR || errno == ECONNABORTED { continue }
          break
        }
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        guard let self else {
          close(client)
          break
        }
        serve(client)
      }
      close(listener)
    }
  }

  deinit { stop() }

  /// Connections so far, and how many of them the test cut.
  package var connections: Int { state.withLock { $0.connections } }
  package var cuts: Int { state.withLock { $0.cuts } }

  /// From the next piece on.
  package func set(_ holds: @escaping @Sendable (Piece) -> Bool) { self.holds.withLock { $0 = holds } }

  package func stop() {
    state.withLock { state in
      guard !state.isClosed else { return }
      state.isClosed = true
      shutdown(listener, Int32(SHUT_RDWR))
      for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
  }

  private func serve(_ client: Int32) {
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = loopback(target)
    let isConnected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    let number: Int? = state.withLock { state in
      guard isConnected, !state.isClosed else { return nil }
      state.connections += 1
      state.open.formUnion([client, server])
      return state.connections
    }
    guard let number else {
      close(client)
      close(server)
      return
    }
    let ends = Ends { [weak self] in
      self?.state.withLock { state in
        state.open.subtract([client, server])
        close(client)
        close(server)
      }
    }
    for (source, sink, direction) in [(client, server, Direction.toServer), (server, client, Direction.toClient)] {
      Thread.detachNewThread { [weak self] in
        var passed = 0
        var piece = [UInt8](repeating: 0, count: 65_536)
        while let self {
          let count = recv(source, &piece, piece.count, 0)
          if count < 0, errno == EINTR { continue }
          guard count > 0 else { break }
          let bytes = Array(piece.prefix(count))
          let holds = self.holds.withLock { $0 }
          guard holds(Piece(connection: number, direction: direction, bytes: bytes, passed: passed)) else {
            self.state.withLock { $0.cuts += 1 }
            break
          }
          guard ScriptedHTTPServer.Connection(descriptor: sink).send(bytes) else { break }
          passed += count
        }
        // The other half ends with this one.
        shutdown(client, Int32(SHUT_RDWR))
        shutdown(server, Int32(SHUT_RDWR))
        ends.endHalf()
      }
    }
  }

  /// Closes both descriptors when both directions are over, so that neither number is used again too early.
  private final class Ends: Sendable {
    private let halves = Mutex(2)
    private let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }

    func endHalf() {
      let isLast = halves.withLock { count in
        count -= 1
        return count == 0
      }
      if isLast { body() }
    }
  }
}
