import Foundation
import TestSupport

/// A small app that logs a line and confirms itself at once.
struct App: Sendable {
  let path: String
  let bytes: Data

  /// - Parameters:
  ///   - label: makes the bytes differ from any other app's.
  ///   - paddingBytes: how much larger than needed.
  static func make(_ label: String, in folder: TemporaryFolder, paddingBytes: Int = 0) async throws -> App {
    let base = folder.path("base.wasm")
    if !FileManager.default.fileExists(atPath: base) {
      try await mustSucceed("wat2wasm", ["\(Stack.package)/Tests/EndToEnd/Apps/quick.wat", "-o", base])
    }
    var bytes = try Data(contentsOf: URL(fileURLWithPath: base))
    bytes.append(customSection(named: "label", content: Data(label.utf8) + Data(count: paddingBytes)))
    let path = folder.path("\(label).wasm")
    try bytes.write(to: URL(fileURLWithPath: path))
    return App(path: path, bytes: bytes)
  }

  /// A custom section (id 0): engines pass over it, so it changes the digest and nothing else.
  private static func customSection(named name: String, content: Data) -> Data {
    let body = unsignedLEB128(name.utf8.count) + Data(name.utf8) + content
    return Data([0]) + unsignedLEB128(body.count) + body
  }

  private static func unsignedLEB128(_ value: Int) -> Data {
    var rest = value
    var result = Data()
    repeat {
      let low = UInt8(rest & 0x7F)
      rest >>= 7
      result.append(rest == 0 ? low : low | 0x80)
    } while rest != 0
    return result
  }
}
