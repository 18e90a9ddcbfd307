import Foundations
import TestSupport
import Testing

@testable import UpdateCore

/// Every order of events, as far as it leads to new states: what must hold holds in all of them.
///
/// A state is the machine and its world: which apps run, and which timers and jobs are under way. Events of an app
/// come only from one that runs; the power may fail, and the agent may die or be stopped, at any time.
@Suite(.seated) struct UpdateMachineEnumerationTests {
  static let notifications = (1...3).map { version in
    FirmwareOffer(
      version: UInt64(version), digest: digest(UInt8(version)), sizeBytes: 1000 + UInt64(version), url: "http://x/")
  }

  static func digest(_ byte: UInt8) -> SHA256Digest { SHA256Digest(bytes: [UInt8](repeating: byte, count: 32))! }

  static let policies = [
    UpdatePolicy(unconfirmed: .confirm, survivedAgentDeaths: 1, survivedPowerCuts: 0),
    UpdatePolicy(unconfirmed: .rollBack, survivedAgentDeaths: 0, survivedPowerCuts: 1, lowestSecurityEpoch: 1),
    UpdatePolicy(unconfirmed: .confirm, survivedAgentDeaths: 0, survivedPowerCuts: 0, raisesSecurityEpoch: true),
  ]

  @Test(arguments: policies) func everyReachableStateKeepsThePromises(_ policy: UpdatePolicy) {
    var seen: Set<UpdateWorld> = [UpdateWorld(policy: policy)]
    var frontier = Array(seen)
    var transitions = 0
    while let world = frontier.popLast() {
      for step in world.steps {
        let (next, broken) = world.taking(step)
        transitions += 1
        if let broken {
          Issue.record("\(broken): \(step) in \(world) gave \(next)")
          return
        }
        if seen.insert(next).inserted { frontier.append(next) }
      }
    }
    print("update machine: \(seen.count) states, \(transitions) transitions")
    // Guards against a machine that does nothing at all.
    #expect(seen.count > 1000)
    for phase in ["idle", "downloading", "verified", "staged", "trial", "confirmed", "rolled-back"] {
      #expect(seen.contains { $0.machine.phase.name == phase }, "no way leads to \(phase)")
    }
    #expect(seen.contains { $0.machine.record.highestConfirmedVersion == 2 && $0.machine.phase == .confirmed })
    // From wherever the power fails, a good new version gets there.
    for world in seen {
      if let stuck = world.stuckOnTheWayTo(Self.notifications[2]) {
        Issue.record("\(stuck), from \(world)")
        return
      }
    }
  }
}
