internal import OpenSSL
internal import Wasmtime

extension HostAPI {
  static let keyLimitBytes = 256
  static let randomLimitBytes = 64 << 10

  static let deviceFunctions = [
    HostAPIFunction(
      "config_get", [.i32("key"), .i32("key_len"), .i32("buf"), .i32("cap")],
      """
      Copies the value of a configuration key into buf. Returns its full length in bytes, and writes only if that is at \
      most cap; -44 if there is no such key.
      """
    ) { context, call throws(HostErrno) in
      let key = try call.text(0, limit: keyLimitBytes)
      // The buffer is checked before the key, so that a bad pointer shows whatever is configured.
      guard let value = context.launch.configuration[key] else {
        guard call.contains(call.i32(2), count: call.i32(3)) else { throw .fault }
        throw .notFound
      }
      return try call.fill(2, with: Array(value.utf8))
    },
    HostAPIFunction(
      "device_id", [.i32("buf")], "Copies the 16 bytes of the device's ID into buf. Returns 16."
    ) { context, call throws(HostErrno) in
      try call.store(context.launch.deviceID, at: 0)
      return Int64(context.launch.deviceID.count)
    },
    HostAPIFunction(
      "health_confirm", [],
      "Says that this app works, which ends its trial: the device keeps it. Returns 0. Saying so again does nothing."
    ) { context, _ in
      context.confirmHealth()
      return 0
    },
    HostAPIFunction(
      "random", [.i32("ptr"), .i32("len")],
      "Fills len bytes, at most 65536, with random ones that are good for keys. Returns 0."
    ) { _, call throws(HostErrno) in
      let (pointer, count) = (call.i32(0), call.i32(1))
      guard call.contains(pointer, count: count) else { throw .fault }
      guard UInt32(bitPattern: count) <= randomLimitBytes, let bytes = try? randomBytes(count: Int(count)) else {
        throw .invalid
      }
      try call.store(bytes, at: 0)
      return 0
    },
  ]
}
