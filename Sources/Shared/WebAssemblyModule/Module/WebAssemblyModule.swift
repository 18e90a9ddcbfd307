/// A look at a whole module in memory.
package enum WebAssemblyModule {
  /// The module's imports, exports and build ID.
  ///
  /// - Throws: what is wrong with its structure.
  package static func interface(of bytes: [UInt8]) throws(WebAssemblyError) -> WebAssemblyInterface {
    var checker = WebAssemblyChecker()
    try checker.update(bytes)
    return try checker.finish()
  }
}
