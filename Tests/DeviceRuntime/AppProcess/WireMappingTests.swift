import SwiftProtobuf
import Testing
import Wire

@testable import DeviceRuntimeCore

/// What goes over the wire comes back the same.
@Suite struct WireMappingTests {
  static let trap = AppTrap(
    code: "unreachable", message: "m",
    frames: [
      .init(functionIndex: 1, functionOffset: 2, moduleOffset: 3, functionName: "f"),
      .init(functionIndex: 4, functionOffset: 5, moduleOffset: 6, functionName: nil),
    ])

  @Test(
    arguments: [
      .started(initNanoseconds: 5), .activated(atNanoseconds: 6), .healthConfirmed, .publish(id: 9, topic: "t", payload: [1, 2], qos: 2),
      .log(AppLogLine(level: .warning, source: .stderr, realtimeNanoseconds: 1, monotonicNanoseconds: 2, text: "ä")),
      .ended(.exited(code: 0)), .ended(.exited(code: -1)), .ended(.stopped), .ended(.trapped(trap)),
      .ended(.startFailed(reason: "r")), .ended(.deadlineExceeded(call: "c", trap)), .ended(.hostFailed(reason: "h")),
    ] as [AppEvent])
  func events(event: AppEvent) throws {
    let bytes: [UInt8] = try WireFromApp(event).serializedBytes()
    #expect(try AppEvent(WireFromApp(serializedBytes: bytes)) == event)
  }

  @Test func launches() throws {
    let limits = AppLimits(
      memoryBytes: 1, tableElements: 2, stackBytes: 3, eventDeadline: .seconds(4), busyDeadline: .seconds(5),
      logLinesPerSecond: 6, logBurstLines: 7, logLineBytes: 8, publishQueue: 9, publishPayloadBytes: 10, timers: 11,
      reservesAddressSpace: false)
    let launch = AppLaunch(
      modulePath: "m", moduleOffsetBytes: 544, compiledCachePath: "c", deviceID: [1], version: 2, appName: "n",
      appVersion: "v", configuration: ["k": "v"], arguments: ["a"], environment: ["e": "f"], limits: limits,
      startDeadline: .milliseconds(1500))
    let bytes: [UInt8] = try WireLaunchApp(launch).serializedBytes()
    let copy = try AppLaunch(WireLaunchApp(serializedBytes: bytes))
    #expect(copy.limits == limits)
    #expect("\(copy)" == "\(launch)")
  }
}
