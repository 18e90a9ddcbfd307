/// The storage that a device's agent owns: named files in one flat folder.
///
/// The operations are as small as the guarantees of the medium, so that a test can cut the power between any two:
/// after a cut, bytes that were written and not synced may be old, new or anything, and a name that was made, renamed
/// or removed may be as before until `syncNames`. A rename itself is atomic.
///
/// Calls block. They are made from an actor with its own thread, or from a transfer's thread.
package protocol Flash: Sendable {
  /// The names of all files, sorted.
  func list() throws(FlashError) -> [String]
  /// The file's size in bytes; nil if there is no such file.
  func size(of name: String) throws(FlashError) -> UInt64?
  /// Reads up to `count` bytes; fewer only at the file's end. A missing file is an error of kind `missing`.
  func read(_ name: String, from offset: UInt64, count: Int) throws(FlashError) -> [UInt8]
  /// Writes in place; makes the file if there is none. A gap before `offset` reads as zeros.
  func write(_ bytes: RawSpan, to name: String, at offset: UInt64) throws(FlashError)
  /// Cuts the file, or makes it longer with zeros. A missing file is an error of kind `missing`.
  func resize(_ name: String, to sizeBytes: UInt64) throws(FlashError)
  /// Makes the content of a file durable.
  func sync(_ name: String) throws(FlashError)
  /// Gives the file `old` the name `new`; a file of that name is replaced.
  func rename(_ old: String, to new: String) throws(FlashError)
  /// Removes the file; if there is none, that is no error.
  func remove(_ name: String) throws(FlashError)
  /// Makes new, renamed and removed names durable.
  func syncNames() throws(FlashError)
  /// How many more bytes fit, as far as the medium can tell.
  func availableBytes() throws(FlashError) -> UInt64
  /// How many bytes an empty flash of this kind would hold.
  func capacityBytes() throws(FlashError) -> UInt64
  /// Where other processes find the file, there or not; nil if this flash has no paths.
  func path(of name: String) -> String?
}

extension Flash {
  /// Reads a whole file; nil if there is no such file.
  ///
  /// - Parameter maximumBytes: a larger file is an error: none of the agent's own files grows.
  package func readAll(_ name: String, maximumBytes: Int) throws(FlashError) -> [UInt8]? {
    guard let size = try size(of: name) else { return nil }
    guard size <= UInt64(maximumBytes) else {
      throw FlashError(.failed, "\(name) holds \(size) bytes, more than the \(maximumBytes) it may; it is damaged")
    }
    return try read(name, from: 0, count: Int(size))
  }

  /// Gives a file new content at once: after a power cut it holds the old bytes or the new ones, never a mix.
  package func replace(_ name: String, with bytes: [UInt8]) throws(FlashError) {
    let temporary = name + ".new"
    try remove(temporary)
    try write(bytes.span.bytes, to: temporary, at: 0)
    try sync(temporary)
    try rename(temporary, to: name)
    try syncNames()
  }
}

/// Whether the name is one of the agent's: those are made of letters, digits, `.`, `-` and `_` (libraries are called so),
/// so none of them leaves the folder.
func isFlashName(_ name: String) -> Bool {
  !name.isEmpty && name.utf8.count <= 64 && !name.hasPrefix(".")
    && name.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "_"):
        true
      default: false
      }
    }
}
