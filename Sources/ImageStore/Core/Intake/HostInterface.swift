import FirmwareImage

/// What a device's host offers to apps, so that an app that can't start is refused here and not on
/// every device.
enum HostInterface {
  /// The names of the import module `xtb1` at level 1.
  static let level1: Set<String> = [
    "log", "clock_ns", "clock_res_ns", "sleep_ns", "poll", "timer_start", "timer_stop", "kv_get", "kv_set",
    "kv_delete", "kv_next", "publish", "subscribe", "unsubscribe", "msg_read", "gpio_open", "gpio_get", "gpio_set",
    "gpio_watch", "sensor_open", "sensor_read", "config_get", "device_id", "health_confirm", "watchdog_arm",
    "watchdog_feed", "reset_reason", "mem_info", "random",
  ]

  /// What AssemblyScript's compiler imports by itself.
  static let assemblyScript: Set<String> = ["abort", "console.log", "seed"]

  struct Unavailable: Error, Equatable {
    /// `module.name` of each import that no host offers; at most ten, in the module's order.
    var imports: [String]
    var count: Int
  }

  /// An image's header says a lower level than its imports need.
  struct LevelTooLow: Error, Equatable {
    var declared: UInt32
    var needed: UInt32
  }

  static func check(_ interface: WebAssemblyInterface, declaredLevel: UInt32?) throws {
    let missing = interface.imports.filter { !isOffered($0) }
    guard missing.isEmpty else {
      throw Unavailable(imports: missing.prefix(10).map { "\($0.module).\($0.name)" }, count: missing.count)
    }
    let needed = level(of: interface)
    if let declaredLevel, declaredLevel < needed { throw LevelTooLow(declared: declaredLevel, needed: needed) }
  }

  /// The host API level that an app needs: 0 if it uses none of the host's own functions.
  static func level(of interface: WebAssemblyInterface) -> UInt32 {
    interface.imports.contains { $0.module == "xtb1" } ? 1 : 0
  }

  /// Apps export their memory and import functions only.
  private static func isOffered(_ item: WebAssemblyInterface.Import) -> Bool {
    guard item.kind == .function else { return false }
    switch item.module {
    case "xtb1": return level1.contains(item.name)
    case "env": return assemblyScript.contains(item.name)
    // The engine brings all of preview 1, so its names are not repeated here.
    case "wasi_snapshot_preview1": return true
    default: return false
    }
  }
}
