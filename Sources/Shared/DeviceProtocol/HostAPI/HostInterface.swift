package import Foundations

/// The one table of what devices offer to apps, for the image store, the developer's loop and the device alike.
package enum HostInterface {
  /// The newest level of the host API. An image whose header asks for a higher one is refused.
  package static let level: UInt32 = 1
  /// Names of pins and sensors and keys of an app's configuration are at most so long, in bytes of UTF-8.
  package static let keyLimitBytes = 256
  /// A key under which an app stores something has at most so many bytes, whatever they are.
  package static let storedKeyLimitBytes = 128
  /// A value that an app stores has at most so many bytes.
  package static let storedValueLimitBytes = 64 << 10
  /// The import module. An API that breaks apps of this one gets another name, and both are served.
  package static let module = "xtb1"
  /// The import module of the functions that AssemblyScript's compiler imports by itself.
  package static let assemblyScriptModule = "env"
  /// The import module of WASI preview 1.
  package static let wasiModule = "wasi_snapshot_preview1"

  /// All functions but WASI's: those of the host API, and those for AssemblyScript.
  package static let functions = hostAPI + assemblyScript

  private static let hostAPI: [HostFunction] = [
    HostFunction("log", [.i32("level"), .i32("ptr"), .i32("len")]),
    HostFunction("clock_ns", [.i32("id")], result: .i64),
    HostFunction("clock_res_ns", [.i32("id")], result: .i64),
    HostFunction("sleep_ns", [.i64("duration_ns")]),
    HostFunction("poll", [.i64("timeout_ns"), .i32("event")]),
    HostFunction("timer_start", [.i64("first_ns"), .i64("period_ns")]),
    HostFunction("timer_stop", [.i32("handle")]),
    HostFunction("kv_get", [.i32("key"), .i32("key_len"), .i32("buf"), .i32("cap")]),
    HostFunction("kv_set", [.i32("key"), .i32("key_len"), .i32("value"), .i32("value_len")]),
    HostFunction("kv_delete", [.i32("key"), .i32("key_len")]),
    HostFunction("kv_next", [.i32("previous"), .i32("previous_len"), .i32("buf"), .i32("cap")]),
    HostFunction(
      "publish", [.i32("topic"), .i32("topic_len"), .i32("payload"), .i32("payload_len"), .i32("qos")]),
    HostFunction("subscribe", [.i32("filter"), .i32("filter_len")]),
    HostFunction("unsubscribe", [.i32("handle")]),
    HostFunction("msg_read", [.i32("handle"), .i32("part"), .i32("buf"), .i32("cap")]),
    HostFunction("gpio_open", [.i32("name"), .i32("name_len"), .i32("flags")]),
    HostFunction("gpio_get", [.i32("handle")]),
    HostFunction("gpio_set", [.i32("handle"), .i32("value")]),
    HostFunction("gpio_watch", [.i32("handle"), .i32("edges")]),
    HostFunction("sensor_open", [.i32("name"), .i32("name_len")]),
    HostFunction("sensor_read", [.i32("handle"), .i32("channel"), .i32("out")]),
    HostFunction("config_get", [.i32("key"), .i32("key_len"), .i32("buf"), .i32("cap")]),
    HostFunction("device_id", [.i32("buf")]),
    HostFunction("health_confirm", []),
    HostFunction("watchdog_arm", [.i64("timeout_ns")]),
    HostFunction("watchdog_feed", []),
    HostFunction("reset_reason", []),
    HostFunction("mem_info", [.i32("out")]),
    HostFunction("random", [.i32("ptr"), .i32("len")]),
  ]

  private static let assemblyScript: [HostFunction] =
    [
      env("abort", [.i32("message"), .i32("file"), .i32("line"), .i32("column")]),
      env(
        "trace",
        [.i32("message"), .i32("count"), .f64("a0"), .f64("a1"), .f64("a2"), .f64("a3"), .f64("a4")]),
      env("seed", [], result: .f64), env("Date.now", [], result: .f64), env("performance.now", [], result: .f64),
      env("console.assert", [.i32("condition"), .i32("text")]),
    ]
    + ["debug", "log", "info", "warn", "error"].map { env("console.\($0)", [.i32("text")]) }
    + ["time", "timeLog", "timeEnd"].map { env("console.\($0)", [.i32("label")]) }

  private static func env(
    _ name: String, _ parameters: [HostFunction.Parameter], result: WebAssemblyValueType? = nil
  ) -> HostFunction {
    HostFunction(module: assemblyScriptModule, name, parameters, result: result)
  }

  private static let types: [ByteText: WebAssemblyFunctionType] = {
    var types: [ByteText: WebAssemblyFunctionType] = [:]
    for function in functions { types[ByteText("\(function.module).\(function.name)")] = function.type }
    for (name, type) in wasi { types[ByteText("\(wasiModule).\(name)")] = type }
    return types
  }()

  /// The type of the function that devices offer under that import module and name; nil if they offer none.
  package static func type(_ module: ByteText, _ name: ByteText) -> WebAssemblyFunctionType? {
    types[ByteText("\(module).\(name)")]
  }
}
