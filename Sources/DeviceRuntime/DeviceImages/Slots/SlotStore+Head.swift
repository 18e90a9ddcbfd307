import DeviceCredentials
import FirmwareImage
import UpdateCore

/// What the first bytes of an image are worth.
enum HeadJudgement: Sendable, Equatable {
  /// The image of that version for this device, bound by a director where the device has fuses. `objection`: why it can
  /// never run here.
  case offer(FirmwareOffer, objection: String?)
  /// The bytes are not what was looked for: the server's mistake, or the notification's.
  case wrong(String)
}

extension SlotStore {
  /// - Parameters:
  ///   - bytes: the first 544 of what a server has for the announced version.
  ///   - isFinal: there are no newer root documents that could change the judgement; otherwise what they might change
  ///     is thrown.
  /// - Throws: also when fuses or root documents can't be had.
  func judge(
    head bytes: [UInt8], of hint: FirmwareNotification, maximumImageBytes: UInt64, isFinal: Bool
  ) throws -> HeadJudgement {
    let configuration: ImageConfiguration
    do throws(ImageFormatError) {
      configuration = try ImageHeader(decoding: bytes).configuration
    } catch {
      return .wrong("what the server has is no image: \(error.reason): \(error)")
    }
    let demands = try trust.forNewImage(lowestVersion: 0)
    do throws(ImageFormatError) {
      try demands.checkDirector(configuration)
    } catch {
      if !isFinal, DeviceTrust.mayBeOutdated(error) { throw error }
      return .wrong("\(error.reason): \(error)")
    }
    guard configuration.device == device else {
      return .wrong("the server has an image for device \(configuration.device)")
    }
    guard let manifest = configuration.manifest else {
      // A plain image, which says nothing of itself. No device with fuses gets here.
      return .offer(
        FirmwareOffer(hint),
        objection: hint.sizeBytes > maximumImageBytes ? tooLarge(hint.sizeBytes, maximumImageBytes) : nil)
    }
    guard manifest.firmwareVersion == hint.version else {
      return .wrong("the server has version \(manifest.firmwareVersion) where \(hint.version) was announced")
    }
    let (sizeBytes, isTooMuch) = manifest.app.wasmLength.addingReportingOverflow(UInt64(ImageHeader.byteCount))
    guard !isTooMuch else { return .wrong("no image is that long") }
    let offer = FirmwareOffer(
      version: manifest.firmwareVersion, digest: manifest.app.wasmDigest, sizeBytes: sizeBytes, url: hint.url)
    // From here on everything is the director's word.
    if sizeBytes > maximumImageBytes { return .offer(offer, objection: tooLarge(sizeBytes, maximumImageBytes)) }
    do throws(ImageFormatError) {
      try demands.check(configuration, for: device)
    } catch {
      if !isFinal, DeviceTrust.mayBeOutdated(error) { throw error }
      return .offer(offer, objection: "\(error.reason): \(error)")
    }
    return .offer(offer, objection: trust.objection(toSecurityEpoch: manifest.app.securityEpoch))
  }

  private func tooLarge(_ sizeBytes: UInt64, _ maximumBytes: UInt64) -> String {
    "the image has \(sizeBytes) bytes; this device takes at most \(maximumBytes)"
  }
}

extension FirmwareOffer {
  fileprivate init(_ hint: FirmwareNotification) {
    self.init(version: hint.version, digest: hint.digest, sizeBytes: hint.sizeBytes, url: hint.url)
  }
}
