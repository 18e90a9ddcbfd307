import Glibc

/// Names of functions as their sources have them.
package enum Demangling {
  /// The name as the source has it; unchanged if it is not mangled.
  package static func name(_ mangled: String) -> String {
    if mangled.hasPrefix("$s") || mangled.hasPrefix("$e") { return swift(mangled) ?? mangled }
    if mangled.hasPrefix("_Z") { return itanium(mangled) ?? mangled }
    return mangled
  }

  /// C++, and Rust's older names, which end in a hash.
  private static func itanium(_ mangled: String) -> String? {
    typealias Demangle =
      @convention(c) (
        UnsafePointer<CChar>, UnsafeMutablePointer<CChar>?, UnsafeMutablePointer<Int>?, UnsafeMutablePointer<CInt>?
      ) -> UnsafeMutablePointer<CChar>?
    // Of the C++ library, which ZeroMQ brings.
    guard let symbol = dlsym(nil, "__cxa_demangle") else { return nil }
    var status: CInt = 0
    guard let text = unsafeBitCast(symbol, to: Demangle.self)(mangled, nil, nil, &status) else { return nil }
    defer { free(text) }
    return withoutHash(String(cString: text))
  }

  /// The name without "::h" and 16 hexadecimal digits at its end.
  private static func withoutHash(_ name: String) -> String {
    let tail = name.utf8.suffix(19)
    guard tail.count == 19, tail.starts(with: "::h".utf8),
      tail.dropFirst(3).allSatisfy({ byte in
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
      })
    else { return name }
    return String(name.dropLast(19))
  }

  private static func swift(_ mangled: String) -> String? {
    guard let text = swiftDemangle(mangled, mangled.utf8.count, nil, nil, 0) else { return nil }
    defer { free(text) }
    return String(cString: text)
  }
}

/// The function of Swift's own runtime.
@_silgen_name("swift_demangle")
private func swiftDemangle(
  _ name: UnsafePointer<CChar>, _ length: Int, _ output: UnsafeMutablePointer<CChar>?,
  _ outputSize: UnsafeMutablePointer<Int>?, _ flags: UInt32
) -> UnsafeMutablePointer<CChar>?
