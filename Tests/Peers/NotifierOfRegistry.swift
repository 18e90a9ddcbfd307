import Foundation
import Foundations
package import Messaging
import SwiftProtobuf
import Testing
import Wire

/// A Notifier that has its broker, as the Registry sees it.
package struct NotifierOfRegistry: Sendable {
  let notifier: any RPCCaller

  package init(_ notifier: any RPCCaller) {
    self.notifier = notifier
  }

  private func notify(_ notifications: [WireNotification]) async throws -> [WireNotificationOutcome] {
    try await notifier.ask(WireNotify.with { $0.notifications = notifications }).outcomes
  }

  private static func notification(_ version: UInt64, device: Data = Data(DeviceID.random().bytes)) -> WireNotification
  {
    WireNotification.with {
      $0.deviceID = device
      $0.version = version
      $0.digest = Data(repeating: 0xAB, count: 32)
      $0.sizeBytes = 100_544
    }
  }

  package static let contract: [Promise<NotifierOfRegistry>] = [
    Promise(name: "no notifications are answered with no outcomes") { peer in
      let outcomes = try await peer.notify([])
      #expect(outcomes == [])
    },
    Promise(name: "each is acknowledged that the broker has, whether a device listens or not, and a repeat too") {
      peer in
      let device = Data(DeviceID.random().bytes)
      for _ in 0..<2 {
        let outcomes = try await peer.notify([
          Self.notification(1, device: device), Self.notification(2, device: device),
        ])
        #expect(outcomes.map(\.acknowledged) == [true, true])
        #expect(outcomes.allSatisfy { $0.reason.isEmpty })
      }
    },
    Promise(name: "what is no notification spoils none of the others") { peer in
      let outcomes = try await peer.notify([Self.notification(1, device: Data([1])), Self.notification(1)])
      #expect(outcomes.map(\.acknowledged) == [false, true])
      #expect(outcomes.map(\.reason) == ["invalid", ""])
    },
    Promise(name: "more than 1000 notifications in a request are refused") { peer in
      await expectRefusal(.invalid, "too-many-notifications") {
        _ = try await peer.notify((0..<1_001).map { _ in Self.notification(1) })
      }
    },
  ]
}
