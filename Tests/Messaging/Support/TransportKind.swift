import Messaging
import TestSupport
import Testing
import Wire

/// The transports that pass the conformance suites, and an address on each.
enum TransportKind: CaseIterable, Sendable, CustomTestStringConvertible {
  case zeroMQOverTCP
  case zeroMQOverIPC
  case curveOverTCP
  case curveOverIPC
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
    case .zeroMQOverTCP, .curveOverTCP:
      let port = try FreePort()
      endpoint = "tcp://127.0.0.1:\(port.number)"
      transport = kind == .zeroMQOverTCP ? ZeroMQTransport() : try Self.makeTransportWithKeys()
      (self.port, folder) = (port, nil)
    case .zeroMQOverIPC, .curveOverIPC:
      let folder = try TemporaryFolder()
      endpoint = "ipc://\(folder.path("bus.ipc"))"
      transport = kind == .zeroMQOverIPC ? ZeroMQTransport() : try Self.makeTransportWithKeys()
      (port, self.folder) = (nil, folder)
    case .inMemory:
      (transport, endpoint) = (InMemoryTransport(), "tcp://127.0.0.1:7102")
      (port, folder) = (nil, nil)
    }
  }

  /// One key for both ends, which lets itself in.
  private static func makeTransportWithKeys() throws -> ZeroMQTransport {
    let key = try BusKey.generate(for: BusPeer(.registry, "registry-1"))
    return Bus(key: key, peers: PeerTable(BusPeers([key]))).transport(to: .registry)
  }
}
