import COpenSSL

/// A message's authentication code under a shared secret: HMAC with SHA-256 (RFC 2104), 32 bytes.
package func authenticationCode(of message: [UInt8], secret: [UInt8]) throws(OpenSSLError) -> [UInt8] {
  var code = [UInt8](repeating: 0, count: SHA256.byteCount)
  var length = 0
  let isDone = unsafe EVP_Q_mac(
    nil, "HMAC", nil, "SHA256", nil, secret, secret.count, message, message.count, &code, code.count, &length)
  guard unsafe isDone != nil, length == code.count else { throw .draining(after: "EVP_Q_mac") }
  return code
}
