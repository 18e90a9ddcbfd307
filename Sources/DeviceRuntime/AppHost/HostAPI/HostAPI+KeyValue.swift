import AppLink
import DeviceProtocol
import FoundationEssentials
import Foundations
import Wasmtime
import Wire

extension HostAPI {
  /// A flash that takes longer than this to answer has failed.
  private static let storageTimeoutNanoseconds: UInt64 = 10_000_000_000

  static let keyValueFunctions = [
    HostAPIFunction(
      "kv_get",
      """
      Copies the value of a stored key into buf. Returns its full length in bytes, and writes only if that is at most \
      cap; -44 if there is no such key. A key is 1 to \(HostInterface.storedKeyLimitBytes) bytes, whatever they are; \
      -28 if it is empty or longer.
      """
    ) { context, call throws(HostErrno) in
      let key = try context.bytes(call, 0, limit: HostInterface.storedKeyLimitBytes, "key")
      guard call.contains(call.i32(2), count: call.i32(3)) else { throw .fault }
      return try call.fill(2, with: ask(context) { $0.get = Data(key) })
    },
    HostAPIFunction(
      "kv_set",
      """
      Stores a value of at most \(HostInterface.storedValueLimitBytes) bytes under a key, in place of an earlier one. \
      When it returns 0, no power cut can take the value away. Returns -6 if the app changes its values so often that \
      it would wear out the flash (see limits.md), -51 if the app's share of the storage is full, -29 if the storage \
      failed.
      """
    ) { context, call throws(HostErrno) in
      let key = try context.bytes(call, 0, limit: HostInterface.storedKeyLimitBytes, "key")
      let value = try context.bytes(call, 2, limit: HostInterface.storedValueLimitBytes, "value")
      _ = try ask(context) { request in
        request.set.key = Data(key)
        request.set.value = Data(value)
      }
      return 0
    },
    HostAPIFunction(
      "kv_delete",
      "Removes a stored key, durably like `kv_set`. Returns 0, or -44 if there is no such key."
    ) { context, call throws(HostErrno) in
      let key = try context.bytes(call, 0, limit: HostInterface.storedKeyLimitBytes, "key")
      _ = try ask(context) { $0.delete = Data(key) }
      return 0
    },
    HostAPIFunction(
      "kv_next",
      """
      Copies the stored key that follows `previous`, in the order of their bytes, into buf; if `previous` is empty, \
      the first one. Returns its full length in bytes, and writes only if that is at most cap; -44 after the last one.
      """
    ) { context, call throws(HostErrno) in
      let previous = try context.bytes(call, 0, limit: HostInterface.storedKeyLimitBytes, "key")
      guard call.contains(call.i32(2), count: call.i32(3)) else { throw .fault }
      return try call.fill(2, with: ask(context) { $0.next = Data(previous) })
    },
  ]

  /// Asks the agent, which owns the storage. How long the flash takes does not count against the app.
  private static func ask(
    _ context: AppContext, _ fill: (inout WireKeyValueRequest) -> Void
  ) throws(HostErrno) -> [UInt8] {
    var request = WireKeyValueRequest()
    request.id = context.makeRequestID()
    fill(&request)
    let (state, began) = (context.state, KernelClock.monotonicNanoseconds())
    state.callGuard.shiftDeadline(by: Int64(storageTimeoutNanoseconds))
    state.outbox.put(.keyValue(request))
    let answer = state.inbox.waitForAnswer(to: request.id, until: began + storageTimeoutNanoseconds)
    let waited = min(KernelClock.monotonicNanoseconds() - began, storageTimeoutNanoseconds)
    state.callGuard.shiftDeadline(by: Int64(waited) - Int64(storageTimeoutNanoseconds))
    guard let answer else { throw context.refusal(.inputOutput, "the device's flash did not answer within 10 s") }
    guard answer.errno == 0 else {
      throw context.refusal(HostErrno(rawValue: Int32(clamping: answer.errno)) ?? .inputOutput, answer.reason)
    }
    return Array(answer.value)
  }
}
