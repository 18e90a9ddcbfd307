import Foundation
import Messaging
import TestSupport
import Testing

/// An address where nothing answers, as that of a container or a machine that is gone: not even a refusal comes back.
@Suite(.seated) struct SilentAddressTests {
  /// Listens, and has no room for any connection: the kernel drops every further try to connect.
  private final class FullListener {
    let port: FreePort
    private let listener: Int32
    private let filler: Int32

    init() throws {
      port = try FreePort()
      listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      filler = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
      var reuse: Int32 = 1
      setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &reuse, socklen_t(MemoryLayout<Int32>.size))
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = in_port_t(port.number).bigEndian
      address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
      let isFull = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          let size = socklen_t(MemoryLayout<sockaddr_in>.size)
          // A backlog of 0 keeps one.
          return bind(listener, $0, size) == 0 && listen(listener, 0) == 0 && connect(filler, $0, size) == 0
        }
      }
      guard isFull else { throw TestFailure("no full listener: \(String(cString: strerror(errno)))") }
    }

    deinit {
      close(filler)
      close(listener)
    }

    /// The local ports of those that try to connect to it.
    func tries() throws -> Set<String> {
      let remote = String(format: "0100007F:%04X", port.number)
      guard let table = fopen("/proc/self/net/tcp", "r") else { throw TestFailure("no table of connections") }
      defer { fclose(table) }
      var (found, line) = (Set<String>(), [CChar](repeating: 0, count: 512))
      // Line by line: the kernel gives a page at a time, and a file of no size is read once by others.
      while fgets(&line, Int32(line.count), table) != nil {
        let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        let fields = text.split(separator: " ")
        // 02: a connection that is asked for and not answered.
        if fields.count > 3, fields[2] == remote, fields[3] == "02" { found.insert(String(fields[1])) }
      }
      return found
    }
  }

  /// The kernel repeats one try at pauses that double, up to a minute; a server that comes in between would wait so long.
  @Test func aTryThatNobodyAnswersIsGivenUpForANewOne() async throws {
    let listener = try FullListener()
    try await withClient(of: ["tcp://127.0.0.1:\(listener.port.number)"]) { client in
      var tries: Set<String> = []
      try await eventually(within: .seconds(60), "a third try to connect") {
        _ = try? await client.ask("is anybody there", deadline: .milliseconds(200))
        tries.formUnion(try listener.tries())
        return tries.count >= 3
      }
    }
  }
}
