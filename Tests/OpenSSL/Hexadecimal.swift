import Foundation

func hexadecimal(_ bytes: [UInt8]) -> String {
  bytes.map { String(format: "%02x", $0) }.joined()
}

/// The bytes of a string of hexadecimal digits that a test author wrote.
func bytes(_ hexadecimal: String) -> [UInt8] {
  let digits = hexadecimal.utf8.map { UInt8(Character(UnicodeScalar($0)).hexDigitValue!) }
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// Resident memory of this process, from /proc/self/statm (second field, in pages of 4 KiB).
func residentBytes() -> Int {
  let text = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8)) ?? ""
  return (text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0) * 4096
}
