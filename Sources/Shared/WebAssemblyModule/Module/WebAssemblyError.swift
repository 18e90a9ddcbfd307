package import DeviceProtocol

/// Why bytes are not a WebAssembly module that can be taken.
package enum WebAssemblyError: Error, Equatable, Sendable {
  /// The bytes don't start as a module does; `saw` says what they look like.
  case notWebAssembly(saw: String)
  /// A component-model binary: the same magic, another layer.
  case component
  /// A core module, of another version of the binary format than 1.
  case unsupportedVersion(UInt32)
  /// The bytes end before the module does.
  case cutShort(offset: UInt64, inside: String)
  /// A section with an ID that is not known.
  case unknownSection(id: UInt8, offset: UInt64)
  /// A section that comes twice, or after one that it must precede.
  case sectionOutOfOrder(id: UInt8, offset: UInt64)
  /// A section's content contradicts its own size or counts.
  case malformedSection(id: UInt8, offset: UInt64, problem: String)
  /// A section that has to be read as a whole is larger than the checker reads.
  case sectionTooLarge(id: UInt8, sizeBytes: UInt32, limitBytes: UInt32)
}

extension WebAssemblyError: CustomStringConvertible {
  /// What is wrong and what to do about it.
  package var description: String {
    switch self {
    case .notWebAssembly(let saw):
      "this is not a WebAssembly module: it \(saw); send the .wasm that your toolchain built"
    case .component:
      "this is a WebAssembly component, and devices run core modules: build a core module, for example for "
        + "wasm32-unknown-unknown or wasm32-wasi (preview 1), without wrapping it into a component"
    case .unsupportedVersion(let version):
      "this WebAssembly module has version \(version), and only version 1 is known"
    case .cutShort(let offset, let inside):
      "the WebAssembly module is cut short: it ends at byte \(offset), inside \(inside); send it whole"
    case .unknownSection(let id, let offset):
      "the WebAssembly module has a section of unknown kind \(id) at byte \(offset): it is damaged, or bytes follow its end"
    case .sectionOutOfOrder(let id, let offset):
      "the WebAssembly module's \(Self.name(of: id)) section at byte \(offset) is repeated or out of order"
    case .malformedSection(let id, let offset, let problem):
      "the WebAssembly module's \(Self.name(of: id)) section at byte \(offset) is damaged: \(problem)"
    case .sectionTooLarge(let id, let size, let limit):
      "the WebAssembly module's \(Self.name(of: id)) section has \(size) bytes, and at most \(limit) are taken: "
        + "leave out what the app does not need"
    }
  }

  /// A stable word in kebab-case, for programs.
  package var reason: String { refusal.rawValue }

  /// The same word as a case of the contract with devices.
  package var refusal: ImageRefusal {
    switch self {
    case .notWebAssembly: .notWebAssembly
    case .component: .webAssemblyComponent
    case .unsupportedVersion: .webAssemblyVersion
    case .cutShort: .webAssemblyCutShort
    case .unknownSection, .sectionOutOfOrder, .malformedSection: .webAssemblyDamaged
    case .sectionTooLarge: .webAssemblySectionTooLarge
    }
  }

  static func name(of section: UInt8) -> String {
    WebAssemblySection(rawValue: section).map { "\($0)" } ?? "\(section)"
  }
}
