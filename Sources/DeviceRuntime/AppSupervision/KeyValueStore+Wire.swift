import DeviceProtocol
package import DeviceStorage
import FoundationEssentials
package import Wire

extension KeyValueStore {
  /// Answers what an app asked, with a ``HostErrno`` if it can't be done.
  package func handle(_ request: WireKeyValueRequest, appName: String) -> WireKeyValueAnswer {
    var answer = WireKeyValueAnswer()
    answer.id = request.id
    do throws(KeyValueError) {
      guard let operation = KeyValueOperation(request) else { throw .invalid }
      let result = try perform(operation, appName: appName)
      if !operation.isChange { answer.value = Data(result) }
    } catch {
      answer.errno = UInt32(error.errno.rawValue)
      answer.reason = error.reason
    }
    return answer
  }
}

extension KeyValueOperation {
  /// Reads a request; nil for an operation that this agent does not know.
  fileprivate init?(_ request: WireKeyValueRequest) {
    switch request.operation {
    case .get(let key): self = .get(Array(key))
    case .set(let pair): self = .set(Array(pair.key), to: Array(pair.value))
    case .delete(let key): self = .delete(Array(key))
    case .next(let key): self = .next(Array(key))
    case nil: return nil
    }
  }

  fileprivate var isChange: Bool {
    switch self {
    case .set, .delete: true
    case .get, .next: false
    }
  }
}
