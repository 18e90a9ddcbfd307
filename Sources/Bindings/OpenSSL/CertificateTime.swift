import COpenSSL
import FoundationEssentials

/// Times of certificates are whole seconds.
enum CertificateTime {
  static func make(_ date: Date) throws(OpenSSLError) -> UnsafeMutablePointer<ASN1_TIME> {
    guard let time = unsafe ASN1_TIME_set(nil, time_t(date.timeIntervalSince1970.rounded(.down))) else {
      throw .draining(after: "ASN1_TIME_set")
    }
    return unsafe time
  }

  /// The time as a `Date`; nil for one that can't be read.
  static func date(_ time: UnsafePointer<ASN1_TIME>?) -> Date? {
    var parts = unsafe tm()
    guard let time = unsafe time, unsafe ASN1_TIME_to_tm(time, &parts) == 1 else {
      ERR_clear_error()
      return nil
    }
    return unsafe Date(timeIntervalSince1970: Double(timegm(&parts)))
  }
}

/// Serial numbers as bytes, the highest first, without leading zeros.
enum SerialNumber {
  static func set(_ bytes: [UInt8], _ integer: UnsafeMutablePointer<ASN1_INTEGER>?) throws(OpenSSLError) {
    let number = try unsafe Owned(BN_bin2bn(bytes, CInt(clamping: bytes.count), nil), by: "BN_bin2bn") {
      unsafe BN_free($0)
    }
    guard unsafe BN_to_ASN1_INTEGER(number.pointer, integer) != nil else {
      throw .draining(after: "BN_to_ASN1_INTEGER")
    }
  }

  static func bytes(_ integer: UnsafePointer<ASN1_INTEGER>?) -> [UInt8] {
    guard let integer = unsafe integer else { return [] }
    let count = unsafe Int(ASN1_STRING_length(integer))
    guard let start = unsafe ASN1_STRING_get0_data(integer) else { return [] }
    return unsafe Array(UnsafeBufferPointer(start: start, count: count).drop { $0 == 0 })
  }
}
