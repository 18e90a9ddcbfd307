import OpenSSL
import UpdateCore

extension BootRecord {
  func encoded(sequence: UInt64) throws(OpenSSLError) -> [UInt8] {
    try encoded(sequence: sequence) { bytes throws(OpenSSLError) in try SHA256.digest(of: bytes) }
  }

  /// Reads a stored record.
  ///
  /// - Returns: nil for anything that `encoded` did not write, whole.
  static func decode(_ bytes: [UInt8]) throws(OpenSSLError) -> (record: BootRecord, sequence: UInt64)? {
    try decode(bytes) { part throws(OpenSSLError) in try SHA256.digest(of: part) }
  }
}
