import FirmwareImage
import Foundations
import Wire

/// Tells which crashes are equal: those of one app, with one code, in the same functions.
///
/// Where the module names its functions, their names count, so that a new build's crash joins the old one's group. Else
/// their indices do, within a build ID: in another build they mean other functions.
enum CrashGroup {
  /// How many of the innermost named functions count. More would tell apart the ways that lead to one fault.
  static let namedDepth = 5
  /// Indices can't be told from those of a language's own panic functions, so more of them count.
  static let unnamedDepth = 12

  /// The name of the group: 16 hexadecimal digits.
  static func id(of report: WireCrashReport) throws -> String {
    let text = ([report.appName, report.code] + key(of: report)).joined(separator: "\0")
    return String(try SHA256Digest.of(text.utf8).hex.prefix(16))
  }

  /// What crashes must have in common to be equal, besides the app and the code.
  static func key(of report: WireCrashReport) -> [String] {
    let names = report.frames.map { stableName($0.functionName) }
    if !names.isEmpty, !names.contains("") {
      let ownFunctions = names.drop { isPanicking($0) }
      return Array(withoutRepeats(ownFunctions.isEmpty ? names[...] : ownFunctions).prefix(namedDepth))
    }
    let build = Hexadecimal.encode(report.buildID.isEmpty ? report.digest : report.buildID)
    let indices = report.frames.map { "\($0.functionIndex)" }[...]
    return [build] + withoutRepeats(indices).prefix(unnamedDepth)
  }

  /// Rust's names end in a hash that differs from build to build.
  private static func stableName(_ name: String) -> String {
    let mark = "::h"
    let digits = name.suffix(16)
    guard digits.count == 16, digits.utf8.allSatisfy({ Hexadecimal.isDigit($0) }),
      name.dropLast(16).hasSuffix(mark)
    else { return name }
    return String(name.dropLast(16 + mark.count))
  }

  /// The functions through which every panic of a language goes.
  private static func isPanicking(_ name: String) -> Bool {
    let prefixes = [
      "core::panicking", "std::panicking", "core::option::expect_failed", "core::option::unwrap_failed",
      "core::result::unwrap_failed", "std::sys_common::backtrace", "std::sys::backtrace", "std::process::abort",
      "std::sys::", "alloc::alloc::handle_alloc_error",
    ]
    let names: Set = [
      "rust_panic", "rust_begin_unwind", "__rust_start_panic", "abort", "panic_abort::abort", "__assert_fail", "_Exit",
      "__rust_panic", "panic",
    ]
    return names.contains(name) || prefixes.contains { name.hasPrefix($0) } || name.contains("__rust_start_panic")
      || name.contains("rust_end_short_backtrace") || name.contains("_assertionFailure")
  }

  /// A function that calls itself until the stack is full counts once.
  private static func withoutRepeats(_ names: ArraySlice<String>) -> [String] {
    var kept: [String] = []
    for name in names where kept.last != name { kept.append(name) }
    return kept
  }
}
