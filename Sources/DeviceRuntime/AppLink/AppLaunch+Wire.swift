import FoundationEssentials
import Foundations
package import Wire

extension WireLaunchApp {
  package init(_ launch: AppLaunch) {
    self.init()
    modulePath = launch.modulePath
    moduleOffsetBytes = launch.moduleOffsetBytes
    compiledCachePath = launch.compiledCachePath
    deviceID = .init(launch.deviceID)
    version = launch.version
    appName = launch.appName
    appVersion = launch.appVersion
    configuration = launch.configuration
    arguments = launch.arguments
    environment = launch.environment
    limits = WireAppProcessLimits(launch.limits)
    startDeadlineNanoseconds = launch.startDeadline.clampedNanoseconds
    pins = launch.pins.map { WirePinGrant($0) }
    sensors = launch.sensors.map { WireSensorGrant($0) }
    topics = launch.topics
    resetReason = UInt32(launch.resetReason.rawValue)
    onlyCompiles = launch.onlyCompiles
  }
}

extension AppLaunch {
  package init(_ wire: WireLaunchApp) {
    self.init(
      modulePath: wire.modulePath, moduleOffsetBytes: wire.moduleOffsetBytes,
      compiledCachePath: wire.compiledCachePath, deviceID: Array(wire.deviceID), version: wire.version,
      appName: wire.appName, appVersion: wire.appVersion, configuration: wire.configuration, arguments: wire.arguments,
      environment: wire.environment, limits: AppLimits(wire.limits),
      startDeadline: .nanoseconds(Int64(clamping: wire.startDeadlineNanoseconds)), pins: wire.pins.map { PinGrant($0) },
      sensors: wire.sensors.map { SensorGrant($0) }, topics: wire.topics,
      resetReason: ResetReason(rawValue: Int32(clamping: wire.resetReason)) ?? .power)
    onlyCompiles = wire.onlyCompiles
  }
}

extension WireAppProcessLimits {
  init(_ limits: AppLimits) {
    self.init()
    memoryBytes = UInt64(clamping: limits.memoryBytes)
    tableElements = UInt64(clamping: limits.tableElements)
    stackBytes = UInt64(clamping: limits.stackBytes)
    eventDeadlineNanoseconds = limits.eventDeadline.clampedNanoseconds
    busyDeadlineNanoseconds = limits.busyDeadline.clampedNanoseconds
    logLinesPerSecond = UInt32(clamping: limits.logLinesPerSecond)
    logBurstLines = UInt32(clamping: limits.logBurstLines)
    logLineBytes = UInt32(clamping: limits.logLineBytes)
    publishQueue = UInt32(clamping: limits.publishQueue)
    publishPayloadBytes = UInt32(clamping: limits.publishPayloadBytes)
    publicationsPerSecond = UInt32(clamping: limits.publicationsPerSecond)
    timers = UInt32(clamping: limits.timers)
    keyValueBytes = UInt32(clamping: limits.keyValueBytes)
    reservesAddressSpace = limits.reservesAddressSpace
  }
}

extension AppLimits {
  init(_ wire: WireAppProcessLimits) {
    self.init(
      memoryBytes: Int(clamping: wire.memoryBytes), tableElements: Int(clamping: wire.tableElements),
      stackBytes: Int(clamping: wire.stackBytes),
      eventDeadline: .nanoseconds(Int64(clamping: wire.eventDeadlineNanoseconds)),
      busyDeadline: .nanoseconds(Int64(clamping: wire.busyDeadlineNanoseconds)),
      logLinesPerSecond: Int(wire.logLinesPerSecond), logBurstLines: Int(wire.logBurstLines),
      logLineBytes: Int(wire.logLineBytes), publishQueue: Int(wire.publishQueue),
      publishPayloadBytes: Int(wire.publishPayloadBytes), publicationsPerSecond: Int(wire.publicationsPerSecond),
      timers: Int(wire.timers),
      keyValueBytes: Int(wire.keyValueBytes),
      reservesAddressSpace: wire.reservesAddressSpace)
  }
}
