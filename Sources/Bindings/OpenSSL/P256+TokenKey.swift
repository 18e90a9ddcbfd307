import COpenSSL
import Synchronization

extension P256.PrivateKey {
  /// A key that stays in a PKCS#11 token, by Debian's libengine-pkcs11-openssl. Signing with it blocks for as long as
  /// the token takes.
  ///
  /// - Parameter pin: opens the token. Without one the library would ask for it at the terminal, so there must be one.
  package init(token uri: PKCS11URI, pin: [UInt8]) throws(CertificateError) {
    let key = try PKCS11Engine.shared.key(uri, pin: pin)
    try self.init(owning: key)
  }
}

/// The engine that speaks to tokens. There is one in a process, with one library for tokens.
private final class PKCS11Engine: Sendable {
  static let shared = PKCS11Engine()

  /// Soundness of `@unchecked`: the pointer is only used under `state`'s lock, and never freed: keys refer to it for as
  /// long as they live.
  @safe private struct Loaded: @unchecked Sendable {
    let engine: OpaquePointer
    let modulePath: String?
  }

  private let state = Mutex<Loaded?>(nil)

  func key(_ uri: PKCS11URI, pin: [UInt8]) throws(CertificateError) -> EVPKey {
    try state.withLock { (loaded) throws(CertificateError) in
      let engine = if let known = loaded { unsafe known.engine } else { try unsafe load(uri, &loaded) }
      guard loaded?.modulePath == uri.modulePath else {
        throw .token("two PKCS#11 modules can't be used in one process: give both keys the same module-path")
      }
      var text = pin + [0]
      defer { text.wipe() }
      let isSet = unsafe text.withUnsafeBytes { buffer in
        unsafe ENGINE_ctrl_cmd_string(engine, "PIN", buffer.bindMemory(to: CChar.self).baseAddress, 0)
      }
      guard isSet == 1 else { throw .library(.draining(after: "ENGINE_ctrl_cmd_string(PIN)")) }
      guard let pointer = unsafe ENGINE_load_private_key(engine, uri.key, nil, nil) else {
        // The library's own words hold no PIN, but do not help either.
        ERR_clear_error()
        throw .token("the token has no such key, or the PIN does not open it: check \(uri)")
      }
      return unsafe EVPKey(owning: pointer, isExclusive: true)
    }
  }

  private func load(_ uri: PKCS11URI, _ loaded: inout Loaded?) throws(CertificateError) -> OpaquePointer {
    guard let engine = unsafe ENGINE_by_id("pkcs11") else {
      ERR_clear_error()
      throw .token("OpenSSL's engine for PKCS#11 is not there: install libengine-pkcs11-openssl")
    }
    if let path = uri.modulePath {
      guard unsafe ENGINE_ctrl_cmd_string(engine, "MODULE_PATH", path, 0) == 1 else {
        unsafe ENGINE_free(engine)
        throw .library(.draining(after: "ENGINE_ctrl_cmd_string(MODULE_PATH)"))
      }
    }
    guard unsafe ENGINE_init(engine) == 1 else {
      unsafe ENGINE_free(engine)
      ERR_clear_error()
      throw .token("the PKCS#11 module can't be loaded: check module-path in \(uri)")
    }
    unsafe loaded = Loaded(engine: engine, modulePath: uri.modulePath)
    return unsafe engine
  }
}
