import AppLink
import Glibc
import Linux

/// The kernel's limits on an app's process (setrlimit). They only ever go down.
enum ResourceLimits {
  /// Descriptors: the ipc socket, ZeroMQ's own and the engine's are about 20, pins and sensors come on top.
  static let openFiles: UInt64 = 64
  /// How many threads the process may have: main, ZeroMQ's two, the app's, and the compiler's and WASI's one for each
  /// processor.
  static let threads: UInt64 = 64

  /// What holds from the process's first moment on.
  static func applyFirst() {
    for resource in [ProcessResource.core, .messageQueues, .nice, .realtimePriority, .lockedMemory] {
      resource.lower(to: 0)
    }
    ProcessResource.openFiles.lower(to: openFiles)
    // Of the main thread; the app's own stack is not taken from it.
    ProcessResource.stack.lower(to: 4 << 20)
  }

  /// While a module is compiled.
  static func applyForLoading(moduleBytes: Int) {
    let scratch = (1 << 30) + 64 * UInt64(moduleBytes)
    ProcessResource.fileSize.lower(to: scratch)
    if let used = usedBytes("VmData") { ProcessResource.data.lower(to: used + scratch) }
  }

  /// While the app runs.
  static func applyForRunning(_ limits: AppLimits) {
    // Without a reservation, a memory that grows is copied.
    let memory = UInt64(limits.memoryBytes) * (limits.reservesAddressSpace ? 1 : 2)
    let room = memory + UInt64(limits.tableElements) * 16 + UInt64(limits.stackBytes) + (96 << 20)
    // No file is open for writing; memory that is shared as one counts.
    ProcessResource.fileSize.lower(to: UInt64(limits.memoryBytes))
    if let used = usedBytes("VmData") { ProcessResource.data.lower(to: used + room) }
    if !limits.reservesAddressSpace, let used = usedBytes("VmSize") {
      ProcessResource.addressSpace.lower(to: used + room)
    }
  }

  /// A figure in /proc/self/status; nil if the kernel does not tell.
  private static func usedBytes(_ name: String) -> UInt64? {
    guard let file = fopen("/proc/self/status", "re") else { return nil }
    defer { fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    while fgets(&line, Int32(line.count), file) != nil {
      let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      if text.hasPrefix(name + ":") { return UInt64(text.filter(\.isNumber)).map { $0 << 10 } }
    }
    return nil
  }
}
