import Messaging
import TestSupport
import Testing

/// The transports that pass the conformance suites, and an address on each.
enum TransportKind: CaseIterable, Sendable, CustomTestStringConvertible {
  case zeroMQOverTCP
  case zeroMQOverIPC
  case inMemory

  var testDescription: String { "\(self)" }
}

/// One transport and an address on it, which stays the same over restarts of a listener.
struct Network: Sendable {
  let transport: any MessageTransport
  let endpoint: String
  // Kept because the address is free only while they live.
  private let port: FreePort?
  private let folder: TemporaryFolder?

  init(_ kind: TransportKind) throws {
    switch kind {
    case .zeroMQOverTCP:
      let port = try FreePort()
      (transport, endpoint) = (ZeroMQTransport(), "tcp://127.0.0.1:\(port.number)")
      (self.port, folder) = (port, nil)
    case .zeroMQOverIPC:
      let folder = try TemporaryFolder()
      (transport, endpoint) = (ZeroMQTransport(), "ipc://\(folder.path("bus.ipc"))")
      (port, self.folder) = (nil, folder)
    case .inMemory:
      (transport, endpoint) = (InMemoryTransport(), "tcp://127.0.0.1:7102")
      (port, folder) = (nil, nil)
    }
  }
}
