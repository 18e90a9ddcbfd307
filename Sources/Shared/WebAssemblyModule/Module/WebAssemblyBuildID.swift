/// The custom section `build_id`: its name, then the ID as a byte string with its length before it, as wasm-ld writes
/// it. An ID without a length before it is taken too.
enum WebAssemblyBuildID {
  private static let name = Array("build_id".utf8)
  /// A length has at most so many bytes (a 32-bit LEB128).
  private static let maximumLengthBytes: UInt32 = 5

  /// Whether a custom section can be one, from the length of its name and of the name and all that follows.
  static func mayFollow(nameBytes: UInt32, remaining: UInt32) -> Bool {
    nameBytes == name.count && remaining > nameBytes
      && remaining - nameBytes <= WebAssemblyChecker.buildIDLimitBytes + maximumLengthBytes
  }

  /// - Parameter content: the section's name, without its length, and what follows it.
  /// - Returns: nil if it is no build ID.
  static func read(_ content: [UInt8]) -> [UInt8]? {
    guard content.starts(with: name) else { return nil }
    let body = content.dropFirst(name.count)
    let id = withoutLength(body) ?? body
    guard !id.isEmpty, id.count <= Int(WebAssemblyChecker.buildIDLimitBytes) else { return nil }
    return Array(id)
  }

  /// nil if the bytes don't begin with the length of exactly those that follow.
  private static func withoutLength(_ bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    var leb = LEB128()
    for (index, byte) in zip(bytes.indices, bytes) {
      switch leb.push(byte) {
      case .more: continue
      case .overlong: return nil
      case .done(let length):
        let rest = bytes[(index + 1)...]
        return rest.count == Int(length) ? rest : nil
      }
    }
    return nil
  }
}
