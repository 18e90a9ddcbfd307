import AppLink
import FoundationEssentials
import ServiceKit

/// Finds the functions and source lines of a trap's frames with LLVM's symbolizer, if it is installed and there is debug
/// information.
enum SourceLines {
  private static var environment: [String: String] {
    var environment = ProcessInfo.processInfo.environment
    if environment["PATH", default: ""].isEmpty { environment["PATH"] = "/usr/local/bin:/usr/bin:/bin" }
    return environment
  }

  /// How long the symbolizer may take; without its answer a crash shows no lines.
  private static let timeout = Duration.seconds(20)

  /// The functions of each frame, innermost first: several where calls were inlined, none where nothing is known.
  /// Blocks for as long as the symbolizer takes.
  static func of(_ frames: [AppTrap.Frame], in debug: DebugFile) -> [[CodeLocation]] {
    let addresses = frames.map { debug.address(of: $0) }
    let known = addresses.compactMap(\.self)
    let nothing = [[CodeLocation]](repeating: [], count: frames.count)
    guard !known.isEmpty, let tool = try? SymbolizerTool.find(environment: environment),
      let found = try? tool.locate(known, in: debug.path, within: timeout)
    else { return nothing }
    var rest = found[...]
    return addresses.map { $0 == nil ? [] : rest.removeFirst() }
  }
}
