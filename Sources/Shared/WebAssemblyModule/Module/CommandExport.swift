/// A function that the linker put around one of a program's, as LLVM's does around each export of a module that has
/// neither `_start` nor `_initialize` but has constructors, of C++ objects or of its C library: it runs the constructors,
/// then the function, then the destructors. That is right for a command, which is called once; an app's `xtb_event` then
/// finds its global objects as new each time.
enum CommandExport {
  /// Longer ones are something else.
  static let maximumBytes: UInt32 = 64

  /// The function that it calls first, with nothing; nil if it is none of these.
  ///
  /// - Parameter body: of a function: locals and instructions.
  static func constructors(in body: [UInt8], parameters: Int) -> UInt32? {
    var reader = WebAssemblyReader(body)
    return try? constructors(&reader, parameters)
  }

  private static func constructors(
    _ reader: inout WebAssemblyReader, _ parameters: Int
  ) throws(WebAssemblyReader.Problem) -> UInt32? {
    let (call, localGet, end): (UInt8, UInt8, UInt8) = (0x10, 0x20, 0x0B)
    guard try reader.byte() == 0, try reader.byte() == call else { return nil }
    let constructors = try reader.number()
    for index in 0..<UInt32(parameters) {
      guard try reader.byte() == localGet, try reader.number() == index else { return nil }
    }
    guard try reader.byte() == call, try reader.number() != constructors else { return nil }
    if reader.peek == call {
      _ = try reader.byte()
      _ = try reader.number()
    }
    guard try reader.byte() == end, reader.peek == nil else { return nil }
    return constructors
  }
}
