import COpenSSL

/// Bytes from the library's cryptographic generator, which the kernel seeds.
package func randomBytes(count: Int) throws(OpenSSLError) -> [UInt8] {
  precondition(count >= 0 && count <= Int(CInt.max), "RAND_bytes counts in C int")
  var bytes = [UInt8](repeating: 0, count: count)
  guard unsafe RAND_bytes(&bytes, CInt(count)) == 1 else { throw .draining(after: "RAND_bytes") }
  return bytes
}
