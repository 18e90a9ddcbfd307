import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.seated, .serialized)
  struct KillTests {
    static let victims = ["registry-1", "image-store-1", "notifier-1", "mosquitto", "postgres", "device-1"]
    /// Milliseconds from the client's POST to the kill: a deployment on an idle machine takes some 200.
    static let delays = [0, 5, 10, 20, 35, 50, 75, 100, 150, 250]

    /// Whoever is killed, whenever, and started again: the new version runs and nothing acknowledged is lost.
    @Test
    func killsAtAnyMomentLoseNothing() async throws {
      try await Stack.run(devices: 1) { stack in
        let device = try #require(try stack.devices.first)
        var acknowledged: [Deployment] = []
        for victim in Self.victims {
          for delay in Self.delays {
            let label = "\(victim)-at-\(delay)"
            let app = try await App.make(label, in: stack.folder, paddingBytes: 200_000)
            async let deploying = stack.deploy(app, to: device)
            // Sleeps: the moment of the kill is what the grid varies; nothing waits for it.
            try await Task.sleep(for: .milliseconds(delay))
            try stack.kill(victim)
            try await stack.call("start", victim)
            let deployment = try await deploying
            acknowledged.append(deployment)
            do {
              try await stack.waitUntilRuns(deployment)
            } catch {
              throw TestFailure("\(victim) killed \(delay) ms after the POST: \(error)")
            }
          }
        }
        let listed = try await stack.firmware(of: device)
        for deployment in acknowledged {
          #expect(listed.contains { $0.version == deployment.version && $0.digest == deployment.digest })
        }
        #expect(listed.map(\.version) == Array(1...UInt64(listed.count)), "a version was skipped")
        #expect(listed.count == acknowledged.count, "a repeat of a request made a version of its own")
      }
    }

    /// Of two replicas each, one of each is killed during 200 deployments, and none is lost.
    @Test
    func theLossOfAReplicaOfEachServiceLosesNothing() async throws {
      try await Stack.run(devices: 4, replicas: 2) { stack in
        let devices = try stack.devices
        let stores = try stack.value("XTBLISH_IMAGE_STORE_URLS").split(separator: ",").map(String.init)
        let killedAfter = [40: "registry-1", 80: "notifier-2", 120: "image-store-1", 160: "provisioner-2"]
        var acknowledged: [Deployment] = []
        for number in 1...200 {
          let app = try await App.make("stream-\(number)", in: stack.folder)
          async let deploying = stack.deploy(app, to: devices[number % devices.count], stores: stores)
          if let victim = killedAfter[number] { try stack.kill(victim) }
          acknowledged.append(try await deploying)
        }
        for device in devices {
          let mine = acknowledged.filter { $0.device == device }
          #expect(mine.map(\.version) == Array(1...UInt64(mine.count)))
          try await stack.waitUntilRuns(try #require(mine.last))
        }
        try await stack.call("up", "--quiet")
        for device in devices {
          let mine = acknowledged.filter { $0.device == device }
          #expect(try await stack.firmware(of: device).map(\.digest) == mine.map(\.digest))
        }
      }
    }
  }
}
