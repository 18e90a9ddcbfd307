// What binary WebAssembly modules are put together from, for tests that write them byte by byte.

/// What every module begins with: the magic number and version 1.
package let wasmPreamble: [UInt8] = [0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00]

/// A section with its ID and its length.
package func wasmSection(_ id: UInt8, _ content: [UInt8]) -> [UInt8] { [id] + leb128(content.count) + content }

/// A name with its length.
package func wasmName(_ text: String) -> [UInt8] { leb128(text.utf8.count) + Array(text.utf8) }

/// An unsigned LEB128 number.
package func leb128(_ value: Int) -> [UInt8] {
  var rest = value
  var bytes: [UInt8] = []
  repeat {
    let low = UInt8(rest & 0x7F)
    rest >>= 7
    bytes.append(rest == 0 ? low : low | 0x80)
  } while rest != 0
  return bytes
}
