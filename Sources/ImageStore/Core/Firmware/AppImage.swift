import DeviceProtocol
import FirmwareImage
import Foundations
import HTTPTypes
import OpenSSL
import ServiceHTTP
import WebAssemblyModule
import Wire

import struct Foundation.Data

/// What is told to the Registry of a received image: from a whole image's own header where there is
/// one, else from the request's headers.
struct AppImage: Sendable {
  let app: AppDescription
  let publisher: ImageSignature?

  init(_ received: ReceivedModule, _ headers: UploadHeaders) throws {
    let stated = received.header?.configuration.manifest
    app = try AppDescription(
      wasmLength: received.bytes.lengthBytes, wasmDigest: received.bytes.digest,
      securityEpoch: headers.securityEpoch ?? stated?.app.securityEpoch ?? 0,
      hostAPILevel: stated?.app.hostAPILevel ?? HostInterface.level(of: received.interface),
      name: headers.name ?? stated?.app.name ?? .empty, version: headers.version ?? stated?.app.version ?? .empty)
    publisher = headers.publisher?.signature ?? stated?.publisher
    // A whole image's own words have not passed where headers have.
    do throws(ImageFormatError) {
      _ = try AppLabel.naming(app.name.text)
      _ = try AppLabel.naming(app.version.text, field: .appVersion)
    } catch {
      throw ProblemError(.unprocessableContent, reason: error.reason, detail: "\(error)")
    }
    guard let given = headers.publisher, let key = given.key else { return }
    do throws(ImageFormatError) {
      try app.verify(publisher: given.signature, trusting: [key])
    } catch {
      throw ProblemError(
        .unprocessableContent, reason: "publisher-signature-wrong",
        detail: "X-Publisher-Signature is not X-Publisher-Key's signature of this app: digest \(app.wasmDigest), "
          + "\(app.wasmLength) bytes, security epoch \(app.securityEpoch), host API level \(app.hostAPILevel), "
          + "name '\(app.name)', version '\(app.version)'. Sign exactly these.")
    }
  }

  private init(app: AppDescription, publisher: ImageSignature) {
    self.app = app
    self.publisher = publisher
  }

  func signed(by key: Ed25519.PrivateKey) throws -> AppImage {
    AppImage(app: app, publisher: try app.signed(by: key))
  }

  var wire: WireAppImage {
    var image = WireAppImage()
    image.digest = Data(app.wasmDigest.bytes)
    image.lengthBytes = app.wasmLength
    image.appName = app.name.text
    image.appVersion = app.version.text
    image.securityEpoch = app.securityEpoch
    image.hostApiLevel = app.hostAPILevel
    if let publisher {
      image.publisherKeyID = Data(publisher.keyID.bytes)
      image.publisherSignature = Data(publisher.signature)
    }
    return image
  }
}
