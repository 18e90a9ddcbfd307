/// Decides whether a module can tell where in the sources a crash was.
package enum DebugModule {
  /// Why a module is not fit.
  package enum Unusable: Error, Equatable {
    /// It has no build ID.
    case noBuildID
    /// Its build ID is another than the one it was given under.
    case otherBuildID(BuildID, expected: BuildID)
    /// It has no code section.
    case noCode
    /// It has neither names nor DWARF.
    case stripped
    /// Other bytes are stored under its build ID.
    case differs(BuildID)
  }

  /// Why the module is not fit; nil if it is.
  package static func problem(_ interface: WebAssemblyInterface, _ expected: BuildID) -> Unusable? {
    guard let actual = BuildID(bytes: interface.buildID) else { return .noBuildID }
    guard actual == expected else { return .otherBuildID(actual, expected: expected) }
    guard interface.codeSectionOffset != nil else { return .noCode }
    return interface.hasNames || interface.hasDebugInformation ? nil : .stripped
  }
}

extension DebugModule.Unusable: CustomStringConvertible {
  /// A stable word in kebab-case, for programs.
  package var reason: String {
    switch self {
    case .noBuildID: "no-build-id"
    case .otherBuildID: "build-id-mismatch"
    case .noCode: "no-code"
    case .stripped: "module-stripped"
    case .differs: "debug-module-differs"
    }
  }

  package var description: String {
    switch self {
    case .noBuildID:
      "the module has no build ID: link it with `wasm-ld --build-id=sha1`, and strip that very file for the device"
    case .otherBuildID(let actual, let expected):
      "the module is of build \(actual), not \(expected): send it under its own build ID"
    case .noCode: "the module has no code: it is not what the app was linked to"
    case .stripped:
      "the module has neither names nor DWARF: it was stripped; send the file as the linker left it, built with -g"
    case .differs(let buildID):
      "another module is stored as the one of build \(buildID): two links gave the same build ID, or the file was "
        + "changed after linking: link it again and deploy that"
    }
  }
}
