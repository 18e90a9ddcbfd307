import Foundations
import ServiceKit
import Synchronization
import TestSupport
import Testing

@testable import RegistryClient

/// What `push --wait` follows.
@Suite(.seated) struct DeploymentWatchTests {
  /// A Registry that says one thing after the other, and the last one for ever.
  private final class Script: DeploymentWatch.Source {
    let answers: Mutex<[Result<RegistryHTTPClient.Progress?, AdminError>]>
    let desired: UInt64

    init(_ statuses: [Result<RegistryHTTPClient.Progress?, AdminError>], desired: UInt64 = 3) {
      answers = Mutex(statuses)
      self.desired = desired
    }

    func progress(of device: DeviceID, version: UInt64) async throws -> RegistryHTTPClient.Progress? {
      try answers.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }.get()
    }

    func view(of device: DeviceID) async throws -> RegistryHTTPClient.DeviceView {
      RegistryHTTPClient.DeviceView(online: false, lastSeen: nil, desired: .init(version: desired))
    }
  }

  private static func stage(_ status: String, _ reason: String? = nil) -> Result<
    RegistryHTTPClient.Progress?, AdminError
  > {
    .success(RegistryHTTPClient.Progress(version: 3, status: status, failedReason: reason))
  }

  private func follow(_ script: Script, _ timeout: Duration = .seconds(30)) async throws -> [String] {
    var stages: [String] = []
    let watch = DeploymentWatch(script, device: .random(), version: 3, interval: .milliseconds(1))
    try await watch.follow(within: timeout) { stages.append($0) }
    return stages
  }

  @Test func eachStageIsToldOnceAndConfirmationEndsIt() async throws {
    let away: Result<RegistryHTTPClient.Progress?, AdminError> = .failure(AdminError("away", status: .unavailable))
    let script = Script(
      [
        Self.stage("assigned"), Self.stage("assigned"), away, Self.stage("notified"), Self.stage("trial"),
        Self.stage("confirmed"),
      ])
    #expect(try await follow(script) == ["assigned", "notified", "trial", "confirmed"])
  }

  @Test func stagesBetweenTwoLooksAreToldToo() async throws {
    let confirmed = RegistryHTTPClient.Progress(
      version: 3, status: "confirmed", failedReason: nil, notifiedAt: "2026-11-22T14:06:00Z",
      trialAt: "2026-11-22T14:06:01Z")
    #expect(try await follow(Script([.success(confirmed)])) == ["assigned", "notified", "trial", "confirmed"])
    // One that learnt of its version when it connected was never notified.
    #expect(
      try await follow(Script([Self.stage("assigned"), Self.stage("confirmed")])) == ["assigned", "confirmed"])
  }

  @Test func noStageIsToldAfterALaterOne() async throws {
    let confirmed = RegistryHTTPClient.Progress(
      version: 3, status: "confirmed", failedReason: nil, notifiedAt: "2026-11-22T14:06:00Z",
      trialAt: "2026-11-22T14:05:59Z")
    #expect(
      try await follow(Script([Self.stage("trial"), .success(confirmed)])) == ["assigned", "trial", "confirmed"])
  }

  @Test func whatTheDeviceGaveUpFailsWithItsReason() async throws {
    let error = await #expect(throws: AdminError.self) {
      try await follow(Script([Self.stage("trial"), Self.stage("rolled-back", "it trapped")]))
    }
    #expect(error?.status == .failure && error?.description == "the device rolled back version 3: it trapped")
  }

  @Test func aNewerVersionEndsIt() async throws {
    let error = await #expect(throws: AdminError.self) {
      try await follow(Script([Self.stage("notified")], desired: 4))
    }
    #expect(error?.description.contains("version 4 took the place of version 3") == true)
  }

  @Test func timeIsBounded() async throws {
    let error = await #expect(throws: AdminError.self) {
      try await follow(Script([Self.stage("notified")]), .milliseconds(20))
    }
    #expect(error?.status == .temporary)
    #expect(error?.description.contains("it is notified, and the device is offline, last seen never") == true)
    let unknown = await #expect(throws: AdminError.self) {
      try await follow(Script([.failure(AdminError("the Registry is away", status: .unavailable))]), .milliseconds(20))
    }
    #expect(unknown?.description.contains("is not known") == true)
  }
}
