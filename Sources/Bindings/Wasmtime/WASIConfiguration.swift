import CWasmtime

/// What a program sees through WASI: its arguments, its `environment`, and where its output goes (`standardOutput`,
/// `standardError`). It sees no files and no network, and its standard input is empty.
package struct WASIConfiguration {
  /// Gets what the program writes, in pieces that need not be lines, on the thread that runs it.
  package typealias Output = ([UInt8]) -> Void

  /// The program's arguments, its own name first.
  package var arguments: [String]
  package var environment: [String: String]
  package var standardOutput: Output
  package var standardError: Output

  package init(
    arguments: [String], environment: [String: String] = [:], standardOutput: @escaping Output,
    standardError: @escaping Output
  ) {
    self.arguments = arguments
    self.environment = environment
    self.standardOutput = standardOutput
    self.standardError = standardError
  }

  /// The engine's form of it; owned by the caller.
  func makeHandle() throws(WasmtimeError) -> OpaquePointer {
    let config = unsafe wasi_config_new()
    let sorted = environment.sorted { $0.key < $1.key }
    let accepted =
      unsafe withCStrings(arguments) { values in
        unsafe wasi_config_set_argv(config, values.count, values.baseAddress)
      }
      && withCStrings(sorted.map(\.key)) { names in
        unsafe withCStrings(sorted.map(\.value)) { values in
          unsafe wasi_config_set_env(config, values.count, names.baseAddress, values.baseAddress)
        }
      }
    guard accepted else {
      unsafe wasi_config_delete(config)
      throw WasmtimeError(.invalidConfiguration, "an argument or an environment variable is not UTF-8")
    }
    unsafe wasi_config_set_stdout_custom(
      config, forwardOutput, Unmanaged.passRetained(OutputBox(standardOutput)).toOpaque(), releaseOutput)
    unsafe wasi_config_set_stderr_custom(
      config, forwardOutput, Unmanaged.passRetained(OutputBox(standardError)).toOpaque(), releaseOutput)
    return unsafe config
  }
}

private final class OutputBox {
  let body: WASIConfiguration.Output

  init(_ body: @escaping WASIConfiguration.Output) {
    self.body = body
  }
}

private func forwardOutput(
  _ data: UnsafeMutableRawPointer?, _ bytes: UnsafePointer<UInt8>?, _ count: Int
) -> Int {
  guard let data = unsafe data else { return -1 }
  unsafe Unmanaged<OutputBox>.fromOpaque(data).takeUnretainedValue()
    .body([UInt8](UnsafeBufferPointer(start: bytes, count: count)))
  return count
}

private func releaseOutput(_ data: UnsafeMutableRawPointer?) {
  if let data = unsafe data { unsafe Unmanaged<OutputBox>.fromOpaque(data).release() }
}

/// The strings as C strings, valid during `body`.
private func withCStrings<Result>(
  _ strings: [String], _ body: (UnsafeBufferPointer<UnsafePointer<CChar>?>) -> Result
) -> Result {
  // One block for all, because nesting a closure a string would bind their number.
  let bytes = strings.flatMap { $0.utf8CString }
  return unsafe bytes.withUnsafeBufferPointer { all in
    var pointers: [UnsafePointer<CChar>?] = unsafe []
    var offset = 0
    for string in strings {
      unsafe pointers.append(all.baseAddress.map { base in unsafe base + offset })
      offset += string.utf8CString.count
    }
    return unsafe pointers.withUnsafeBufferPointer { unsafe body($0) }
  }
}
