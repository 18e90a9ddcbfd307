package import FirmwareImage
internal import Wasmtime

/// What the device offers to apps: the functions of import module `xtb1`, those that AssemblyScript's compiler imports,
/// and WASI preview 1.
package enum HostAPI {
  /// The level in an image's header may be at most this.
  package static let level: UInt32 = 1

  /// The import module. An API that breaks apps of this one gets another name, and both are served.
  static let module = "xtb1"

  static let subscriptionLimit = 32
  /// Of pins, and of sensors.
  static let handleLimit = 64

  /// Functions that belong together.
  struct Topic: Sendable {
    var title: String
    var functions: [HostAPIFunction]
  }

  /// The whole table: what the linker defines, what imports are checked against, and what the reference page says.
  static let topics = [
    Topic(title: "Log", functions: logFunctions), Topic(title: "Clocks and waiting", functions: clockFunctions),
    Topic(title: "Timers", functions: timerFunctions), Topic(title: "Stored values", functions: keyValueFunctions),
    Topic(title: "Messages", functions: messageFunctions), Topic(title: "Pins", functions: pinFunctions),
    Topic(title: "Sensors", functions: sensorFunctions), Topic(title: "Device and app", functions: deviceFunctions),
    Topic(title: "AssemblyScript", functions: assemblyScriptFunctions),
  ]

  static let functions = topics.flatMap(\.functions)

  /// What a module imports and this device does not offer, as "module.name", in the module's order. An app whose
  /// list is not empty can't be started here.
  package static func missingImports(of interface: WebAssemblyInterface) -> [String] {
    interface.imports.filter { item in
      item.kind != .function || !offers(item.module, item.name)
    }.map { "\($0.module).\($0.name)" }
  }

  /// Why an app of this interface can't be started here, for people, or nil if it can. The types of the functions
  /// are checked when it is started.
  package static func objection(to interface: WebAssemblyInterface) -> String? {
    let missing = missingImports(of: interface)
    guard missing.isEmpty else {
      return "the app imports \(missing.joined(separator: ", ")), which this device (host API level \(level)) does "
        + "not offer: build it for this level, or update the device's agent"
    }
    let names = Set(interface.exports.lazy.filter { $0.kind == .function }.map(\.name))
    return AppEntry(functions: names) == nil ? AppEntry.advice : nil
  }

  /// "module.name".
  private static let names = Set(functions.map { "\($0.module).\($0.name)" })

  private static func offers(_ module: String, _ name: String) -> Bool {
    module == wasiModule ? wasiNames.contains(name) : names.contains("\(module).\(name)")
  }

  static let wasiModule = "wasi_snapshot_preview1"

  /// The functions of WASI preview 1, all of which the engine has. Files and sockets among them find nothing: an app
  /// is given none.
  static let wasiNames: Set<String> = [
    "args_get", "args_sizes_get", "clock_res_get", "clock_time_get", "environ_get", "environ_sizes_get", "fd_advise",
    "fd_allocate", "fd_close", "fd_datasync", "fd_fdstat_get", "fd_fdstat_set_flags", "fd_fdstat_set_rights",
    "fd_filestat_get", "fd_filestat_set_size", "fd_filestat_set_times", "fd_pread", "fd_prestat_dir_name",
    "fd_prestat_get", "fd_pwrite", "fd_read", "fd_readdir", "fd_renumber", "fd_seek", "fd_sync", "fd_tell", "fd_write",
    "path_create_directory", "path_filestat_get", "path_filestat_set_times", "path_link", "path_open", "path_readlink",
    "path_remove_directory", "path_rename", "path_symlink", "path_unlink_file", "poll_oneoff", "proc_exit",
    "proc_raise", "random_get", "sched_yield", "sock_accept", "sock_recv", "sock_send", "sock_shutdown",
  ]
}
