/// An unsigned LEB128 number.
private func leb(_ value: Int) -> [UInt8] {
  var rest = value
  var bytes: [UInt8] = []
  repeat {
    let low = UInt8(rest & 0x7F)
    rest >>= 7
    bytes.append(rest == 0 ? low : low | 0x80)
  } while rest != 0
  return bytes
}

func section(_ id: UInt8, _ content: [UInt8]) -> [UInt8] { [id] + leb(content.count) + content }

func name(_ text: String) -> [UInt8] { leb(text.utf8.count) + Array(text.utf8) }

let preamble: [UInt8] = [0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00]

/// An app that imports functions and returns at once, made exactly so long by a custom section of noise.
///
/// - Parameter imports: as `module.name`.
func module(bytes size: Int, seed: UInt64 = 1, imports: [String] = ["xtb1.log"]) -> [UInt8] {
  let entries = imports.map { item in
    let dot = item.firstIndex(of: ".")!
    return name(String(item[..<dot])) + name(String(item[item.index(after: dot)...]))
      + [0, item == "xtb1.log" ? 1 : 0]
  }
  var module = preamble + section(1, [2, 0x60, 0, 0, 0x60, 3, 0x7F, 0x7F, 0x7F, 1, 0x7F])
  if !imports.isEmpty { module += section(2, leb(imports.count) + entries.flatMap { $0 }) }
  module += section(3, [1, 0]) + section(5, [1, 0, 1])
  module += section(7, [2] + name("memory") + [2, 0] + name("_start") + [0] + leb(imports.count))
  module += section(10, [1, 2, 0, 0x0B])
  // The custom section's own length takes a few bytes of its own.
  let overhead = 1 + 5 + name("noise").count
  precondition(size >= module.count + overhead)
  let content = size - module.count - overhead + name("noise").count
  // A five-byte number may be padded, so that the length does not depend on itself.
  let padded = (0..<5).map { UInt8((content >> ($0 * 7)) & 0x7F) | ($0 < 4 ? 0x80 : 0) }
  module += [0] + padded + name("noise") + noise(content - name("noise").count, seed: seed)
  return module
}
