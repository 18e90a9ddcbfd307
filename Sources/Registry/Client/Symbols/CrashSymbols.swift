import Foundations
package import ServiceKit
import WebAssemblyModule

/// Where in the sources the frames of a crash are, as far as that could be found out.
package struct CrashSymbols: Sendable {
  /// For each frame the functions that it stands for, innermost first where calls were inlined; empty where nothing
  /// is known.
  package var locations: [[CodeLocation]]
  /// What is missing and what to do about it; nil if nothing is.
  package var advice: String?

  private init(locations: [[CodeLocation]] = [], advice: String?) {
    self.locations = locations
    self.advice = advice
  }

  /// Asks for the debug module of the crash's build and looks its frames up. What can't be found is told in the
  /// advice, as the frames by themselves are worth showing.
  ///
  /// - Parameter tool: nil if there is none on this machine.
  package static func find(
    _ crash: CrashDocument, in cache: DebugModuleCache, with tool: SymbolizerTool?
  ) async -> CrashSymbols {
    guard !crash.frames.isEmpty else { return CrashSymbols(advice: nil) }
    guard let buildID = crash.buildID.flatMap({ Hexadecimal.decode($0) }) else {
      return CrashSymbols(
        advice:
          "the app has no build ID: link it with `wasm-ld --build-id=sha1`, keep the unstripped file, and push it "
          + "with `xtblish-image-store push --debug FILE`")
    }
    guard let tool else {
      return CrashSymbols(
        advice: "there is no llvm-symbolizer: install a Swift toolchain or Debian's llvm, or name one in "
          + SymbolizerTool.variable)
    }
    do {
      guard let module = try await cache.module(of: buildID) else {
        return CrashSymbols(
          advice: "the image store has no debug module of build \(Hexadecimal.encode(buildID)) (\(crash.appName) "
            + "\(crash.appVersion)): push the unstripped file with `xtblish-image-store push --debug FILE`")
      }
      return try locate(crash, module, tool)
    } catch {
      return CrashSymbols(advice: "\(error)")
    }
  }

  private static func locate(
    _ crash: CrashDocument, _ module: DebugModuleCache.Module, _ tool: SymbolizerTool
  ) throws -> CrashSymbols {
    let addresses = crash.frames.map { frame in
      module.layout.address(functionIndex: frame.functionIndex, functionOffset: frame.functionOffset)
    }
    var found = try tool.locate(addresses.compactMap { $0 }, in: module.path)[...]
    let locations = addresses.map { address in
      address == nil ? [] : found.removeFirst().filter { !$0.function.isEmpty || !$0.file.isEmpty }
    }
    let isForeign = addresses.allSatisfy { $0 == nil }
    return CrashSymbols(
      locations: locations,
      advice: isForeign
        ? "the debug module of that build has other functions: it was changed after linking. Push the file that the "
          + "deployed one was stripped from, under a build ID of its own" : nil)
  }
}
