internal import Wasmtime

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
      text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
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

  /// Writes `bytes` to where argument `index` points.
  func store(_ bytes: [UInt8], at index: Int) throws(HostErrno) {
    guard write(bytes, at: i32(index)) else { throw .fault }
  }
}
