import AppLink
import DeviceProtocol
import Wasmtime

/// The one place where the host API turns an app's pointers into bytes and back. A pointer and the length that
/// follows it are two arguments in a row.
extension HostCall {
  /// The bytes that arguments `index` and `index + 1` point at; more than `limit` is `.invalid`.
  func bytes(_ index: Int, limit: Int) throws(HostErrno) -> [UInt8] {
    let (pointer, count) = (i32(index), i32(index + 1))
    guard contains(pointer, count: count) else { throw .fault }
    guard UInt32(bitPattern: count) <= limit else { throw .invalid }
    guard let bytes = read(at: pointer, count: count) else { throw .fault }
    return bytes
  }

  /// The first `limit` of the bytes that arguments `index` and `index + 1` point at.
  func prefix(_ index: Int, limit: Int) throws(HostErrno) -> [UInt8] {
    let (pointer, count) = (i32(index), i32(index + 1))
    guard contains(pointer, count: count) else { throw .fault }
    let shorter = Int32(bitPattern: min(UInt32(bitPattern: count), UInt32(clamping: limit)))
    guard let bytes = read(at: pointer, count: shorter) else { throw .fault }
    return bytes
  }

  /// The text that arguments `index` and `index + 1` point at: valid UTF-8 without control characters.
  func text(_ index: Int, limit: Int) throws(HostErrno) -> String {
    let bytes = try bytes(index, limit: limit)
    guard let text = String(validating: bytes, as: UTF8.self),
      // Looking the category up takes long.
      text.unicodeScalars.allSatisfy({
        $0.value < 0x7F ? $0.value >= 0x20 : $0.properties.generalCategory != .control
      })
    else { throw .invalid }
    return text
  }

  /// Fills the buffer that arguments `index` and `index + 1` describe, if all of `bytes` fit, and gives the full
  /// length for the app's result.
  func fill(_ index: Int, with bytes: [UInt8]) throws(HostErrno) -> Int64 {
    let (pointer, capacity) = (i32(index), i32(index + 1))
    guard contains(pointer, count: capacity) else { throw .fault }
    if bytes.count <= UInt32(bitPattern: capacity) {
      guard write(bytes, at: pointer) else { throw .fault }
    }
    return Int64(bytes.count)
  }

  /// Writes two numbers, 16 bytes, to where argument `index` points.
  func store(_ first: Int64, _ second: Int64, at index: Int) throws(HostErrno) {
    guard write(first, second, at: i32(index)) else { throw .fault }
  }

  /// The string of AssemblyScript that argument `index` points at, of at most `limit` UTF-16 units; nil if there is
  /// none, or it is not inside the app's memory.
  func stringUTF16(_ index: Int, limit: Int) -> String? {
    let pointer = UInt32(bitPattern: i32(index))
    guard pointer >= 4, let head = read(at: Int32(bitPattern: pointer - 4), count: 4) else { return nil }
    let count = head.reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    let shorter = min(count, UInt32(clamping: limit * 2)) & ~1
    guard contains(i32(index), count: Int32(bitPattern: count)),
      let bytes = read(at: i32(index), count: Int32(bitPattern: shorter))
    else { return nil }
    let units = stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
    return String(decoding: units, as: UTF16.self)
  }

  /// Writes `bytes` to where argument `index` points.
  func store(_ bytes: [UInt8], at index: Int) throws(HostErrno) {
    guard write(bytes, at: i32(index)) else { throw .fault }
  }
}
