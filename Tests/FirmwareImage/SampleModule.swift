/// An unsigned LEB128 number.
func leb(_ value: Int) -> [UInt8] {
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

/// A module with every kind of import, two exports, one function, data, and a custom section.
func sampleModule(customBytes: Int = 10) throws -> [UInt8] {
  let imports: [[UInt8]] = [
    name("xtb1") + name("log") + [0x00, 0x00],
    name("env") + name("table") + [0x01, 0x70, 0x01, 0x01, 0x80, 0x01],
    name("env") + name("memory") + [0x02, 0x00, 0x01],
    name("env") + name("flag") + [0x03, 0x7F, 0x00],
    name("env") + name("oops") + [0x04, 0x00, 0x00],
  ]
  var module = preamble
  module += section(1, [1, 0x60, 0, 0])
  module += section(2, leb(imports.count) + imports.flatMap { $0 })
  module += section(3, [1, 0])
  module += section(7, [2] + name("memory") + [2, 0] + name("xtb_init") + [0, 1])
  module += section(12, [1])
  module += section(10, [1, 2, 0, 0x0B])
  module += section(11, [1, 0, 0x41, 0, 0x0B, 1, 0xAA])
  module += section(0, name("note") + [UInt8](repeating: 0x5A, count: customBytes))
  return module
}
