import Curl
import DeviceProtocol
import Foundations

extension TraceContext {
  /// The headers of a request that is made for the trace of what the task does; none if it does it for nobody.
  static var headers: [HTTPClient.Header] {
    current?.properties.map { HTTPClient.Header($0.name.rawValue, $0.value) } ?? []
  }
}
