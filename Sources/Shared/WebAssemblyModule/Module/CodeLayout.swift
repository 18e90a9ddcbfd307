/// Where the functions of a module lie in its code section.
///
/// A frame of a stack names its function by index, and its place by the offset from the function's beginning.
/// Stripping changes neither, so both hold in the unstripped module too, even where its sections lie elsewhere. DWARF
/// counts from where the code section's body begins: the number of its functions is the first thing there.
package struct CodeLayout: Sendable {
  private let importedFunctions: UInt32
  /// Where each function's body begins, after its size, and ends; both from the beginning of the section's body.
  private let bodies: [Range<UInt64>]

  /// Reads the code section of a whole module; nil if the module has no code that can be read.
  package init?(_ module: [UInt8], _ interface: WebAssemblyInterface) {
    guard let start = interface.codeSectionOffset.flatMap({ Int(exactly: $0) }), start < module.count else {
      return nil
    }
    var position = start
    func number() -> Int? {
      var value = 0
      for shift in stride(from: 0, to: 35, by: 7) {
        guard position < module.count else { return nil }
        let byte = module[position]
        position += 1
        value |= Int(byte & 0x7F) << shift
        if byte & 0x80 == 0 { return value }
      }
      return nil
    }
    guard let count = number(), count <= module.count - position else { return nil }
    var bodies: [Range<UInt64>] = []
    bodies.reserveCapacity(count)
    for _ in 0..<count {
      guard let size = number(), size <= module.count - position else { return nil }
      bodies.append(UInt64(position - start)..<UInt64(position - start + size))
      position += size
    }
    self.bodies = bodies
    importedFunctions = UInt32(clamping: interface.importedFunctions)
  }

  /// The address of a frame as DWARF counts it; nil if the module has no such function, or a shorter one.
  package func address(functionIndex: UInt32, functionOffset: UInt64) -> UInt64? {
    guard functionIndex >= importedFunctions, Int(functionIndex - importedFunctions) < bodies.count else { return nil }
    let body = bodies[Int(functionIndex - importedFunctions)]
    guard functionOffset < UInt64(body.count) else { return nil }
    return body.lowerBound + functionOffset
  }
}
