package import DeviceProtocol
package import FirmwareImage
package import Foundations
import Wire

import struct Foundation.Data

/// A `version` of the firmware of a `device`, as the Registry has it.
package struct AssignedFirmware: Hashable, Sendable {
  package let device: DeviceID
  package let version: UInt64
  /// The SHA-256 of the wasm.
  package let digest: SHA256Digest
  /// The configuration that the image carries: its bytes 32…543.
  package let configuration: ImageConfiguration

  /// Where the image is fetched.
  package var address: FirmwareAddress { FirmwareAddress(of: device, version: version) }

  /// Checks what the Registry answered: what is sent to devices must not contradict itself.
  init(
    device: DeviceID, version: UInt64, digest: Data, configuration: Data
  ) throws(WireFailure) {
    let decoded: ImageConfiguration
    do throws(ImageFormatError) {
      decoded = try ImageConfiguration(decoding: configuration)
    } catch {
      throw Self.contradiction("its configuration can't be read: \(error)")
    }
    guard decoded.device == device else { throw Self.contradiction("it is for device \(decoded.device)") }
    guard version > 0 else { throw Self.contradiction("its version is 0") }
    if let manifest = decoded.manifest {
      // The configuration is what devices see, and what a repeated request got the first time.
      guard manifest.firmwareVersion == version else {
        throw Self.contradiction("its configuration says version \(manifest.firmwareVersion), not \(version)")
      }
      self.digest = manifest.app.wasmDigest
    } else {
      guard let digest = SHA256Digest(bytes: digest) else { throw Self.contradiction("its digest has no 32 bytes") }
      self.digest = digest
    }
    self.device = device
    self.version = version
    self.configuration = decoded
  }

  private static func contradiction(_ problem: String) -> WireFailure {
    WireFailure(
      .internal, reason: "registry-contradiction",
      message: "the Registry's answer about this firmware can't be used: \(problem)")
  }
}
