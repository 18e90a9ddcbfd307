import COpenSSL

/// What a certificate calls its owner beside the subject (RFC 5280, 4.2.1.6).
package enum AlternativeName: Sendable, Hashable {
  /// A host name.
  case dns(String)
  /// An address: 4 or 16 bytes.
  case ip([UInt8])
  /// A URI, in ASCII.
  case uri(String)

  var kind: CInt {
    switch self {
    case .dns: GEN_DNS
    case .ip: GEN_IPADD
    case .uri: GEN_URI
    }
  }

  var bytes: [UInt8] {
    switch self {
    case .dns(let text), .uri(let text): Array(text.utf8)
    case .ip(let bytes): bytes
    }
  }

  /// Nil for kinds that are of no use here, and for what is no ASCII text.
  init?(kind: CInt, bytes: [UInt8]) {
    // A NUL in a name has fooled programs that end texts there.
    let isText = bytes.allSatisfy { (0x20...0x7E).contains($0) }
    switch kind {
    case GEN_IPADD where bytes.count == 4 || bytes.count == 16: self = .ip(bytes)
    case GEN_DNS where isText: self = .dns(String(decoding: bytes, as: UTF8.self))
    case GEN_URI where isText: self = .uri(String(decoding: bytes, as: UTF8.self))
    default: return nil
    }
  }

  static func all(of certificate: OpaquePointer) -> [AlternativeName] {
    var critical: CInt = 0
    guard let raw = unsafe X509_get_ext_d2i(certificate, NID_subject_alt_name, &critical, nil) else {
      ERR_clear_error()
      return []
    }
    let names = OpaquePointer(raw)
    defer { unsafe GENERAL_NAMES_free(names) }
    var found: [AlternativeName] = []
    for index in 0..<max(0, unsafe xtblish_names_count(names)) {
      var kind: CInt = 0
      var length: CInt = 0
      guard let start = unsafe xtblish_names_get(names, index, &kind, &length) else { continue }
      let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: Int(length)))
      if let name = AlternativeName(kind: kind, bytes: bytes) { found.append(name) }
    }
    return found
  }

  static func add(_ names: [AlternativeName], to certificate: OpaquePointer) throws(OpenSSLError) {
    guard !names.isEmpty else { return }
    let list = try handle(names)
    guard
      unsafe X509_add1_ext_i2d(certificate, NID_subject_alt_name, UnsafeMutableRawPointer(list.pointer), 0, 0) == 1
    else { throw .draining(after: "X509_add1_ext_i2d") }
  }

  /// The library's own form of a list of names.
  static func handle(_ names: [AlternativeName]) throws(OpenSSLError) -> Owned {
    let list = try unsafe Owned(xtblish_names_new(), by: "sk_GENERAL_NAME_new_null") { unsafe GENERAL_NAMES_free($0) }
    for name in names {
      let bytes = name.bytes
      guard unsafe xtblish_names_add(list.pointer, name.kind, bytes, CInt(clamping: bytes.count)) == 1 else {
        throw .draining(after: "sk_GENERAL_NAME_push")
      }
    }
    return list
  }
}
