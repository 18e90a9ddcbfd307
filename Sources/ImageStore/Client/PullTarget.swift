package import Foundations

/// What to pull: a wasm by its digest, or a device's whole image.
package enum PullTarget: Equatable, Sendable {
  case wasm(SHA256Digest)
  /// A device's image of that version; nil for the newest.
  case image(DeviceID, version: UInt64?)

  /// Reads `sha256:…`, `DEVICE`, `DEVICE/7` or `DEVICE/latest`.
  package init?(_ text: String) {
    if let digest = SHA256Digest(text) {
      self = .wasm(digest)
      return
    }
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count <= 2, let device = DeviceID(parts[0]) else { return nil }
    if parts.count == 1 || parts[1] == "latest" {
      self = .image(device, version: nil)
    } else if let version = UInt64(parts[1]), version > 0 {
      self = .image(device, version: version)
    } else {
      return nil
    }
  }

  var path: String {
    switch self {
    case .wasm(let digest): "/images/\(digest)"
    case .image(let device, let version): "/firmware/\(device)/\(version.map(String.init) ?? "latest")"
    }
  }
}
