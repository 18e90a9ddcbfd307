import COpenSSL

/// Texts in the form of RFC 7468: labelled blocks in Base64.
package enum PEM {
  /// One block: its `label`, and its `bytes` out of the Base64. They are a `var` so that a key can be wiped in its
  /// place.
  package struct Block: Sendable {
    /// `CERTIFICATE`, `PRIVATE KEY` …
    package let label: String
    package var bytes: [UInt8]
  }

  /// All blocks of a text, in order. What stands between them is skipped.
  ///
  /// - Throws: `malformed` if a block is broken. A text without any gives none.
  package static func blocks(_ text: [UInt8]) throws(CertificateError) -> [Block] {
    guard text.count <= Int(CInt.max) else { throw .malformed("a PEM text: it is too large") }
    do {
      return try read(text)
    } catch {
      throw .malformed("a PEM text: a block in it is broken")
    }
  }

  private static func read(_ text: [UInt8]) throws(OpenSSLError) -> [Block] {
    // Reads from memory of its own, which is wiped: the text may hold a key.
    let source = try unsafe Owned(BIO_new(BIO_s_secmem()), by: "BIO_new") { unsafe BIO_free_all($0) }
    guard unsafe text.isEmpty || BIO_write(source.pointer, text, CInt(text.count)) == CInt(text.count) else {
      throw .draining(after: "BIO_write")
    }
    var blocks: [Block] = []
    while true {
      var name: UnsafeMutablePointer<CChar>?
      var header: UnsafeMutablePointer<CChar>?
      var data: UnsafeMutablePointer<UInt8>?
      var length = 0
      guard unsafe PEM_read_bio(source.pointer, &name, &header, &data, &length) == 1 else {
        let error = OpenSSLError.draining(after: "PEM_read_bio")
        if error.isEndOfPEM { return blocks }
        throw error
      }
      defer {
        unsafe CRYPTO_free(name, nil, 0)
        unsafe CRYPTO_free(header, nil, 0)
        unsafe CRYPTO_clear_free(data, length, nil, 0)
      }
      if let name = unsafe name {
        let bytes = unsafe Array(UnsafeBufferPointer(start: data, count: length))
        unsafe blocks.append(Block(label: String(cString: name), bytes: bytes))
      }
    }
  }

  /// Writes one block as text, ending with a newline.
  package static func text(label: String, _ bytes: [UInt8]) throws(OpenSSLError) -> [UInt8] {
    let sink = try unsafe Owned(BIO_new(BIO_s_secmem()), by: "BIO_new") { unsafe BIO_free_all($0) }
    guard unsafe PEM_write_bio(sink.pointer, label, "", bytes, bytes.count) > 0 else {
      throw .draining(after: "PEM_write_bio")
    }
    var text = [UInt8](repeating: 0, count: unsafe BIO_ctrl_pending(sink.pointer))
    guard unsafe BIO_read(sink.pointer, &text, CInt(text.count)) == CInt(text.count) else {
      throw .draining(after: "BIO_read")
    }
    return text
  }
}

extension OpenSSLError {
  /// Whether the library only found no further block.
  fileprivate var isEndOfPEM: Bool {
    ERR_GET_LIB(UInt(code)) == ERR_LIB_PEM && ERR_GET_REASON(UInt(code)) == PEM_R_NO_START_LINE
  }
}
