import Glibc

/// Assembles WebAssembly text with wabt's wat2wasm (Debian: wabt).
package func assemble(_ text: String, options: [String] = []) async throws -> [UInt8] {
  let folder = try TemporaryFolder("xtblish-wat")
  guard let file = fopen(folder.path("module.wat"), "w") else { throw TestFailure("fopen: \(errorText())") }
  fputs(text, file)
  fclose(file)
  let assembler = try ChildProcess(
    "wat2wasm", options + [folder.path("module.wat"), "-o", folder.path("module.wasm")])
  guard try await assembler.waitForExit() == .exited(0) else {
    throw TestFailure("wat2wasm: \(assembler.output)")
  }
  guard let file = fopen(folder.path("module.wasm"), "r") else { throw TestFailure("fopen: \(errorText())") }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: 1 << 20)
  let count = fread(&bytes, 1, bytes.count, file)
  guard count < bytes.count else { throw TestFailure("the module is larger than \(bytes.count) bytes") }
  return Array(bytes[..<count])
}
