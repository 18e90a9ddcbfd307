import DeviceImages
import DeviceStorage
import FoundationEssentials
import OpenSSL

extension SlotStore {
  /// What the flash has left, and all that it can hold; nil if it does not tell.
  func space() -> (freeBytes: UInt64, sizeBytes: UInt64)? {
    guard let free = try? flash.availableBytes(), let size = try? flash.capacityBytes() else { return nil }
    return (free, size)
  }

  /// When the certificate in a file ends; nil if there is none that can be read.
  func certificateEnd(file: String) -> Date? {
    guard let pem = try? Data(contentsOf: URL(filePath: file)) else { return nil }
    return try? X509Certificate.all(pem: Array(pem)).first?.notAfter
  }
}
