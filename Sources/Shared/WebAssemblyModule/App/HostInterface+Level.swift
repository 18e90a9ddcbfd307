import DeviceProtocol
import Foundations

extension HostInterface {
  /// The host API level that an app needs: 0 if it uses none of the host's own functions.
  package static func level(of interface: WebAssemblyInterface) -> UInt32 {
    let module = ByteText(module)
    return interface.imports.contains { $0.module == module } ? 1 : 0
  }
}
