import DeviceProtocol
package import RegistryDomain
package import Wire

extension WireDeviceLogLine {
  /// The line as the Registry answers it, and keeps it with a crash.
  package init(_ line: LogLine) {
    self.init()
    id = line.id
    realtimeNanoseconds = line.realtimeNanoseconds
    monotonicNanoseconds = line.monotonicNanoseconds
    level = line.level.name
    source = line.source
    firmwareVersion = line.firmwareVersion
    text = line.text
  }
}

extension LogLine {
  /// The line as it is stored; nil for a level that is not known.
  package init?(_ wire: WireDeviceLogLine) {
    self.init(
      sentID: wire.id, realtimeNanoseconds: wire.realtimeNanoseconds, monotonicNanoseconds: wire.monotonicNanoseconds,
      level: wire.level, source: wire.source, firmwareVersion: wire.firmwareVersion, text: wire.text)
  }
}
