import TestSupport

/// A module with every kind of import, two exports, one function, data, and a custom section.
func sampleModule(customBytes: Int = 10) throws -> [UInt8] {
  let imports: [[UInt8]] = [
    wasmName("xtb1") + wasmName("log") + [0x00, 0x00],
    wasmName("env") + wasmName("table") + [0x01, 0x70, 0x01, 0x01, 0x80, 0x01],
    wasmName("env") + wasmName("memory") + [0x02, 0x00, 0x01],
    wasmName("env") + wasmName("flag") + [0x03, 0x7F, 0x00],
    wasmName("env") + wasmName("oops") + [0x04, 0x00, 0x00],
  ]
  var module = wasmPreamble
  module += wasmSection(1, [1, 0x60, 0, 0])
  module += wasmSection(2, leb128(imports.count) + imports.flatMap { $0 })
  module += wasmSection(3, [1, 0])
  module += wasmSection(7, [2] + wasmName("memory") + [2, 0] + wasmName("xtb_init") + [0, 1])
  module += wasmSection(12, [1])
  module += wasmSection(10, [1, 2, 0, 0x0B])
  module += wasmSection(11, [1, 0, 0x41, 0, 0x0B, 1, 0xAA])
  module += wasmSection(0, wasmName("note") + [UInt8](repeating: 0x5A, count: customBytes))
  return module
}
