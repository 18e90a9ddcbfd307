import DeviceProtocol
import Foundations

// What the Notifier takes of what devices say. Who plays it answers nothing else: `ServersOfDevices` holds both to it.

extension StateMessage {
  var isTaken: Bool {
    guard sequence > 0, let status = RunStatus(rawValue: status) else { return false }
    if status.isFailure, failed.flatMap({ SHA256Digest($0.digest) }) == nil { return false }
    return version == 0
      ? digest.isEmpty && slot.isEmpty : SHA256Digest(digest) != nil && SlotName(rawValue: slot) != nil
  }
}

extension LogMessage {
  var isTaken: Bool {
    log.utf8.count == 16 && Hexadecimal.decode(log) != nil
      && (1...DeviceLimit.logLines.value).contains(lines.count) && lines[0].id > lost ?? 0
      && zip(lines, lines.dropFirst()).allSatisfy { $0.id < $1.id }
      && lines.allSatisfy { LogLevel(name: $0.level) != nil && LogSource(rawValue: $0.source) != nil }
  }
}

extension CrashReport {
  var isTaken: Bool {
    Hexadecimal.decode(id)?.count == 16 && version > 0 && SHA256Digest(digest) != nil
      && RunStatus(rawValue: status)?.isFailure == false
  }
}
