import AppLink
import WebAssemblyModule

/// The unstripped module of an app: `app.debug.wasm` beside `app.wasm` if it is of the same build, else the app itself.
struct DebugFile {
  let path: String
  private let layout: CodeLayout?

  /// - Parameters:
  ///   - debug: what is in the file beside the app; nil: there is none.
  ///   - bytes: of the app.
  init(beside path: String, _ debug: [UInt8]?, or bytes: [UInt8], _ interface: WebAssemblyInterface) {
    // Without a build ID nothing says that two files are of one build.
    if let debug, !interface.buildID.isEmpty, let other = try? WebAssemblyModule.interface(of: debug),
      other.buildID == interface.buildID
    {
      self.path = Self.path(beside: path)
      layout = CodeLayout(debug, other)
    } else {
      self.path = path
      layout = CodeLayout(bytes, interface)
    }
  }

  /// `app.debug.wasm`, as the guides have it.
  static func path(beside path: String) -> String {
    (path.hasSuffix(".wasm") ? String(path.dropLast(5)) : path) + ".debug.wasm"
  }

  /// The frame's address as DWARF counts it; nil if the module has no such function.
  func address(of frame: AppTrap.Frame) -> UInt64? {
    layout?.address(functionIndex: frame.functionIndex, functionOffset: frame.functionOffset)
  }
}
