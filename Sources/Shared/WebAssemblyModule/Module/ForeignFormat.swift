import Foundations

/// Says what bytes look like that should have been WebAssembly.
enum ForeignFormat {
  private static let signatures: [(bytes: [UInt8], meaning: String)] = [
    ([0x7F, 0x45, 0x4C, 0x46], "is an ELF file, native code or code compiled ahead of time"),
    ([0x1F, 0x8B], "is gzip-compressed"),
    ([0x28, 0xB5, 0x2F, 0xFD], "is Zstandard-compressed"),
    ([0x50, 0x4B, 0x03, 0x04], "is a ZIP archive"),
    ([0x4D, 0x5A], "is a Windows program"),
    ([0xCF, 0xFA, 0xED, 0xFE], "is a Mach-O file"),
    (Array("BC".utf8) + [0xC0, 0xDE], "is LLVM bitcode, which is not linked yet"),
    (Array("!<arch>".utf8), "is an archive of object files, which is not linked yet"),
    (Array("(module".utf8), "is WebAssembly text; convert it with wat2wasm"),
    (Array("(compon".utf8), "is WebAssembly component text"),
    (Array("--".utf8), "begins like a multipart form; send the file itself (curl --data-binary @FILE)"),
    (Array("<".utf8), "begins like HTML or XML"),
    (Array("{".utf8), "begins like JSON"),
  ]

  /// Completes "it …" from the first bytes.
  static func describe(_ bytes: [UInt8]) -> String {
    if bytes.isEmpty { return "is empty" }
    for signature in signatures where bytes.starts(with: signature.bytes) { return signature.meaning }
    let shown = bytes.prefix(8)
    return "begins with the bytes \(shown.map { Hexadecimal.encode([$0]) }.joined(separator: " "))"
  }
}
