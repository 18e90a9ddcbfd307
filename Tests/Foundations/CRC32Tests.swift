import Foundations
import TestSupport
import Testing

@Suite(.seated) struct CRC32Tests {
  /// The check value of CRC-32/ISO-HDLC.
  @Test func itIsTheChecksumOfZlib() {
    #expect(CRC32.checksum(of: Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(CRC32.checksum(of: []) == 0)
  }
}
