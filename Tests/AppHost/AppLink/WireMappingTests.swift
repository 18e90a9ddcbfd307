import FoundationEssentials
import SwiftProtobuf
import TestSupport
import Testing
import Wire

@testable import AppLink
@testable import Foundations

/// What goes over the wire comes back the same.
@Suite(.seated) struct WireMappingTests {
  static let request = {
    var request = WireKeyValueRequest()
    request.id = 4
    request.get = .init([1])
    return request
  }()

  static let trap = AppTrap(
    code: "unreachable", message: "m",
    frames: [
      .init(functionIndex: 1, functionOffset: 2, moduleOffset: 3, functionName: "f"),
      .init(functionIndex: 4, functionOffset: 5, moduleOffset: 6, functionName: nil),
    ])

  @Test(
    arguments: [
      .started(initNanoseconds: 5), .activated(atNanoseconds: 6), .healthConfirmed,
      .publish(id: 9, topic: "t", payload: [1, 2], qos: 2),
      .log(AppLogLine(level: .warning, source: .stderr, realtimeNanoseconds: 1, monotonicNanoseconds: 2, text: "ä")),
      .ended(.exited(code: 0)), .ended(.exited(code: -1)), .ended(.stopped), .ended(.trapped(trap)),
      .ended(.startFailed(reason: "r")), .ended(.deadlineExceeded(call: "c", trap)), .ended(.hostFailed(reason: "h")),
      .ended(.watchdogMissed(timeout: .seconds(3))), .subscribe(handle: 3, filter: "a/+"), .unsubscribe(handle: 3),
      .pins([PinLevel(name: "led", level: 1, changes: 9)]), .keyValue(request),
    ] as [AppEvent])
  func everyEventComesOutAsItWentIn(event: AppEvent) throws {
    let bytes: [UInt8] = try WireFromApp(event).serializedBytes()
    #expect(try AppEvent(WireFromApp(serializedBytes: bytes)) == event)
  }

  @Test func aLaunchComesOutAsItWentIn() throws {
    let limits = AppLimits(
      memoryBytes: 1, tableElements: 2, stackBytes: 3, eventDeadline: .seconds(4), busyDeadline: .seconds(5),
      logLinesPerSecond: 6, logBurstLines: 7, logLineBytes: 8, publishQueue: 9, publishPayloadBytes: 10,
      publicationsPerSecond: 14,
      timers: 11, keyValueBytes: 15,
      reservesAddressSpace: false)
    let launch = AppLaunch(
      modulePath: "m", moduleOffsetBytes: 544, compiledCachePath: "c", deviceID: [1], version: 2, appName: "n",
      appVersion: "v", configuration: ["k": "v"], arguments: ["a"], environment: ["e": "f"], limits: limits,
      startDeadline: .milliseconds(1500),
      pins: [
        PinGrant(name: "a", isOutput: true, source: .simulated(level: 1)),
        PinGrant(name: "b", isOutput: false, source: .line(chip: "/dev/c", offset: 3, isActiveLow: true)),
      ],
      sensors: [
        SensorGrant(
          name: "s",
          channels: [
            .constant(microUnits: -5), .waveform(Waveform(times: [0, 1], microUnits: [2, 3], startedAt: 4)),
            .industrialInput(IndustrialInput(devicePath: "p", channel: "c", microUnitsPerUnit: 0.5)),
          ])
      ], topics: ["x/#"], resetReason: .watchdog)
    let bytes: [UInt8] = try WireLaunchApp(launch).serializedBytes()
    let copy = try AppLaunch(WireLaunchApp(serializedBytes: bytes))
    #expect(copy.limits == limits)
    #expect("\(copy)" == "\(launch)")
  }
}
