import COpenSSL

/// A name that has a common name only.
@safe struct DistinguishedName: ~Copyable {
  private let owned: Owned

  var pointer: OpaquePointer { unsafe owned.pointer }

  init(commonName: String) throws(OpenSSLError) {
    owned = try Self.make(Array(commonName.utf8))
  }

  private static func make(_ commonName: [UInt8]) throws(OpenSSLError) -> Owned {
    let name = try unsafe Owned(X509_NAME_new(), by: "X509_NAME_new") { unsafe X509_NAME_free($0) }
    guard
      unsafe X509_NAME_add_entry_by_NID(
        name.pointer, NID_commonName, MBSTRING_FLAG, commonName, CInt(clamping: commonName.count), -1, 0) == 1
    else { throw .draining(after: "X509_NAME_add_entry_by_NID") }
    return name
  }

  /// The text of an attribute; nil if there is none, or more than one, or no text.
  static func text(of nid: CInt, in name: OpaquePointer?) -> String? {
    guard let name = unsafe name else { return nil }
    let index = unsafe X509_NAME_get_index_by_NID(name, nid, -1)
    guard index >= 0, unsafe X509_NAME_get_index_by_NID(name, nid, index) < 0,
      let entry = unsafe X509_NAME_get_entry(name, index), let data = unsafe X509_NAME_ENTRY_get_data(entry)
    else { return nil }
    var buffer: UnsafeMutablePointer<UInt8>?
    let length = unsafe ASN1_STRING_to_UTF8(&buffer, data)
    defer { unsafe CRYPTO_free(buffer, nil, 0) }
    guard length >= 0 else {
      ERR_clear_error()
      return nil
    }
    return unsafe String(validating: UnsafeBufferPointer(start: buffer, count: Int(length)), as: UTF8.self)
  }
}
