import CWasmtime

/// An app's memory for the moment of one access: growing it may move it. Every access of the host to an app's memory
/// goes through the bounds checked here.
@safe struct MemoryView: ~Copyable {
  private let base: UnsafeMutablePointer<UInt8>?
  private let count: Int

  init(context: OpaquePointer, memory: wasmtime_memory_t) {
    var memory = memory
    unsafe base = wasmtime_memory_data(context, &memory)
    count = unsafe wasmtime_memory_data_size(context, &memory)
  }

  var sizeBytes: Int { count }

  /// The bytes, or nil if any of them is outside. Pointers and lengths are unsigned in WebAssembly.
  func read(at pointer: UInt32, count: UInt32) -> [UInt8]? {
    guard let range = range(at: pointer, count: Int(count)) else { return nil }
    return unsafe [UInt8](UnsafeBufferPointer(start: base, count: self.count)[range])
  }

  /// Writes bytes. False, and nothing written, if any byte would be outside.
  func write(_ bytes: UnsafeRawBufferPointer, at pointer: UInt32) -> Bool {
    guard let range = range(at: pointer, count: bytes.count) else { return false }
    if let base = unsafe base, let source = bytes.baseAddress {
      unsafe UnsafeMutableRawPointer(base + range.lowerBound).copyMemory(from: source, byteCount: bytes.count)
    }
    return true
  }

  func contains(_ pointer: UInt32, count: UInt32) -> Bool {
    range(at: pointer, count: Int(count)) != nil
  }

  private func range(at pointer: UInt32, count: Int) -> Range<Int>? {
    let start = Int(pointer)
    guard count >= 0, start <= self.count, count <= self.count - start else { return nil }
    return start..<start + count
  }
}
