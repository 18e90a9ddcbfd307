import TestSupport
import Testing

/// The program that runs apps, as a file.
@Suite(.seated, .timeLimit(.minutes(10))) struct AppHostProgramTests {
  /// What it opens, every process of an app has in its memory, and whoever breaks out of the engine can use.
  @Test func itOpensOnlyTheLibrariesThatItUses() async throws {
    let sections = try ChildProcess("readelf", ["--dynamic", "--wide", try product("xtblish-app-host")])
    try await sections.waitForExit()
    let libraries = sections.output.split(separator: "\n").filter { $0.contains("(NEEDED)") }
      .map { line in String(line.drop { $0 != "[" }.dropFirst().prefix { $0 != "]" }) }
    for library in ["libzmq.so", "libsodium.so", "libswiftCore.so"] {
      #expect(libraries.contains { $0.hasPrefix(library) }, "\(libraries)")
    }
    for library in [
      "libcrypto", "libssl", "libmosquitto", "libcurl", "libFoundation.so", "libFoundationInternationalization",
    ] {
      #expect(!libraries.contains { $0.hasPrefix(library) }, "\(library)")
    }
  }
}
