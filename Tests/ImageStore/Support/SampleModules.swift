import TestSupport

/// An app that imports functions and returns at once, made exactly so long by a custom section of noise.
///
/// - Parameter imports: as `module.name`.
func module(bytes size: Int, seed: UInt64 = 1, imports: [String] = ["xtb1.log"]) -> [UInt8] {
  let entries = imports.map { item in
    let dot = item.firstIndex(of: ".")!
    return wasmName(String(item[..<dot])) + wasmName(String(item[item.index(after: dot)...]))
      + [0, item == "xtb1.log" ? 1 : 0]
  }
  var module = wasmPreamble + wasmSection(1, [2, 0x60, 0, 0, 0x60, 3, 0x7F, 0x7F, 0x7F, 1, 0x7F])
  if !imports.isEmpty { module += wasmSection(2, leb128(imports.count) + entries.flatMap { $0 }) }
  module += wasmSection(3, [1, 0]) + wasmSection(5, [1, 0, 1])
  module += wasmSection(7, [2] + wasmName("memory") + [2, 0] + wasmName("_start") + [0] + leb128(imports.count))
  module += wasmSection(10, [1, 2, 0, 0x0B])
  // The custom section's own length takes a few bytes of its own.
  let overhead = 1 + 5 + wasmName("noise").count
  precondition(size >= module.count + overhead)
  let content = size - module.count - overhead + wasmName("noise").count
  // A five-byte number may be padded, so that the length does not depend on itself.
  let padded = (0..<5).map { UInt8((content >> ($0 * 7)) & 0x7F) | ($0 < 4 ? 0x80 : 0) }
  module += [0] + padded + wasmName("noise") + noise(content - wasmName("noise").count, seed: seed)
  return module
}
