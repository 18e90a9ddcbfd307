import Foundation
import Synchronization

/// An HTTP/1.1 server whose every byte the test decides, to answer as no good server would. One request a connection.
package final class ScriptedHTTPServer: Sendable {
  package struct Request: Sendable {
    package var method: String
    package var path: String
    /// Names in lower case.
    package var headers: [String: String]
    package var body: [UInt8]
  }

  /// One client. Blocks the thread of its connection.
  package struct Connection: Sendable {
    let descriptor: Int32

    /// False when the client has gone.
    @discardableResult
    package func send(_ bytes: [UInt8]) -> Bool {
      var done = 0
      while done < bytes.count {
        let count = bytes[done...].withUnsafeBytes {
          Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
        }
        if count < 0, errno == EINTR { continue }
        if count <= 0 { return false }
        done += count
      }
      return true
    }

    @discardableResult
    package func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    package func respond(_ status: Int, headers: [String] = [], body: [UInt8] = []) {
      let head = ["HTTP/1.1 \(status) X", "Content-Length: \(body.count)", "Connection: close"] + headers
      send(Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8) + body)
    }

    /// Returns when the client has closed its end.
    package func waitForClose() {
      var byte: UInt8 = 0
      while recv(descriptor, &byte, 1, 0) > 0 {}
    }
  }

  package typealias Handler = @Sendable (Request, Connection) -> Void

  private struct State {
    var requests: [Request] = []
    var open: Set<Int32> = []
    var isClosed = false
  }

  package let port: Int
  private let freePort: FreePort
  private let listener: Int32
  private let state = Mutex(State())
  private let handler: Mutex<Handler>

  package init(_ handler: @escaping Handler) throws {
    (listener, freePort) = try Self.listen()
    port = freePort.number
    self.handler = Mutex(handler)
    Thread.detachNewThread { [weak self, listener] in
      while true {
        let client = accept(listener, nil, nil)
        if client < 0 {
          // EINVAL: `stop` has shut it down. Anything else passes.
          if errno == EINVAL { break }
          // Sleeps: the process is out of descriptors until a connection ends; no event tells.
          usleep(1_000)
          continue
        }
        _ = fcntl(client, F_SETFD, FD_CLOEXEC)
        guard let self, self.state.withLock({ $0.isClosed ? false : $0.open.insert(client).inserted }) else {
          close(client)
          break
        }
        Thread.detachNewThread { self.serve(client) }
      }
      // Closed by the one who waits on it: its number could be another's by the next `accept`.
      close(listener)
    }
  }

  private static func listen() throws -> (Int32, FreePort) {
    // Another program may take a port between the look and the bind.
    for _ in 0..<20 {
      let freePort = try FreePort()
      let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      var reuse: Int32 = 1
      setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
      var address = loopback(freePort.number)
      let isBound = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
      if isBound, Glibc.listen(listener, 64) == 0 { return (listener, freePort) }
      close(listener)
    }
    throw TestFailure("no port to listen on after 20 attempts: \(errorText())")
  }

  deinit { stop() }

  package var url: String { "http://127.0.0.1:\(port)" }

  /// All requests so far.
  package var requests: [Request] { state.withLock { $0.requests } }

  /// From the next request on.
  package func handle(_ handler: @escaping Handler) { self.handler.withLock { $0 = handler } }

  /// Ends listening and all connections.
  package func stop() {
    state.withLock { state in
      guard !state.isClosed else { return }
      state.isClosed = true
      shutdown(listener, Int32(SHUT_RDWR))
      for descriptor in state.open { shutdown(descriptor, Int32(SHUT_RDWR)) }
    }
  }

  private func serve(_ client: Int32) {
    if let request = Self.readRequest(client) {
      state.withLock { $0.requests.append(request) }
      handler.withLock { $0 }(request, Connection(descriptor: client))
      // What the client still sends would turn the close into a reset, which may overtake the answer.
      shutdown(client, Int32(SHUT_WR))
      var rest = [UInt8](repeating: 0, count: 4096)
      var limit = timeval(tv_sec: 2, tv_usec: 0)
      setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
      while recv(client, &rest, rest.count, 0) > 0 {}
    }
    state.withLock { state in
      state.open.remove(client)
      close(client)
    }
  }

  private static func readRequest(_ client: Int32) -> Request? {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    let end = Array("\r\n\r\n".utf8)
    func more() -> Bool {
      let count = recv(client, &piece, piece.count, 0)
      if count > 0 { bytes += piece.prefix(count) }
      return count > 0
    }
    var headEnd: Int?
    while headEnd == nil {
      guard more() else { return nil }
      headEnd = bytes.indices.first { bytes[$0...].starts(with: end) }
    }
    let lines = String(decoding: bytes[..<headEnd!], as: UTF8.self).components(separatedBy: "\r\n")
    let start = lines[0].split(separator: " ")
    guard start.count == 3 else { return nil }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { continue }
      headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
    }
    let length = headers["content-length"].flatMap { Int($0) } ?? 0
    while bytes.count < headEnd! + 4 + length {
      guard more() else { return nil }
    }
    return Request(
      method: String(start[0]), path: String(start[1]), headers: headers,
      body: Array(bytes[(headEnd! + 4)...].prefix(length)))
  }
}
