import Glibc
import TestSupport
import Testing

@testable import ServiceKit

/// What a service manager such as systemd hears of a process.
@Suite(.seated) struct ServiceManagerTests {
  /// A socket for datagrams, as the manager has it.
  private final class Listener {
    let descriptor: Int32

    init(at path: String) throws {
      descriptor = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
      var address = sockaddr_un()
      address.sun_family = sa_family_t(AF_UNIX)
      var name = Array(path.utf8)
      if path.hasPrefix("@") { name[0] = 0 }
      withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: name) }
      let length = socklen_t(MemoryLayout.offset(of: \sockaddr_un.sun_path)! + name.count)
      let result = withUnsafePointer(to: &address) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { bind(descriptor, $0, length) }
      }
      guard result == 0 else { throw TestFailure("can't bind \(path): \(errno)") }
    }

    deinit { close(descriptor) }

    /// What has come; nil: nothing.
    func next() -> String? {
      var bytes = [UInt8](repeating: 0, count: 4096)
      let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_DONTWAIT))
      return count < 0 ? nil : String(decoding: bytes[..<count], as: UTF8.self)
    }
  }

  @Test func messagesComeTogetherAsOneDatagram() throws {
    let folder = try TemporaryFolder("xtblish-notify")
    let listener = try Listener(at: folder.path("socket"))
    let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": folder.path("socket")]))
    #expect(manager.tell(.ready, .status("two\nlines")))
    #expect(listener.next() == "READY=1\nSTATUS=two lines")
    #expect(manager.tell(.alive) && manager.tell(.stopping))
    #expect(listener.next() == "WATCHDOG=1" && listener.next() == "STOPPING=1")
  }

  @Test func abstractSocketsAreReached() throws {
    let name = "@xtblish-test-\(getpid())-\(UInt32.random(in: 0 ... .max))"
    let listener = try Listener(at: name)
    let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": name]))
    #expect(manager.tell(.ready))
    #expect(listener.next() == "READY=1")
  }

  @Test func whoeverDoesNotListenKeepsNobodyWaiting() throws {
    let folder = try TemporaryFolder("xtblish-notify")
    let absent = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": folder.path("absent")]))
    #expect(!absent.tell(.ready))
    let listener = try Listener(at: folder.path("full"))
    let manager = try #require(ServiceManager(environment: ["NOTIFY_SOCKET": folder.path("full")]))
    var taken = 0
    while taken < 100_000, manager.tell(.alive) { taken += 1 }
    #expect(taken < 100_000)
    #expect(listener.next() == "WATCHDOG=1")
  }

  @Test(arguments: ["", "relative", "/", "@", "/" + String(repeating: "x", count: 107)])
  func whatIsNoAddressIsNobody(_ name: String) {
    #expect(ServiceManager(environment: ["NOTIFY_SOCKET": name]) == nil)
    #expect(ServiceManager(environment: [:]) == nil)
  }

  @Test func theWatchdogOfAnotherProcessIsNotOurs() {
    let environment = ["NOTIFY_SOCKET": "/run/x", "WATCHDOG_USEC": "1500000"]
    func watchdog(_ more: [String: String]) -> Duration? {
      ServiceManager(environment: environment.merging(more) { $1 }, processIdentifier: 7)?.watchdog
    }
    #expect(watchdog([:]) == .milliseconds(1500))
    #expect(watchdog(["WATCHDOG_PID": "7"]) == .milliseconds(1500))
    #expect(watchdog(["WATCHDOG_PID": "8"]) == nil)
    #expect(watchdog(["WATCHDOG_USEC": "0"]) == nil)
    #expect(watchdog(["WATCHDOG_USEC": "soon"]) == nil)
  }
}
