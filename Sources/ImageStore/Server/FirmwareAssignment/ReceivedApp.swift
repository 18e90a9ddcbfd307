import BlobStorage
import DeviceProtocol
import FirmwareImage
import Foundations
package import ImageAdmission
import OpenSSL
import WebAssemblyModule
package import Wire

import struct Foundation.Data

/// What is told to the Registry of a received image: from a whole image's own header where there is
/// one, else from what was said with it.
package struct ReceivedApp: Sendable {
  let app: AppDescription
  let publisher: ImageSignature?

  /// - Throws: `FirmwareError` for names that an app may not have, and for a signature that the key beside it did not
  ///   make.
  package init(_ received: ReceivedModule, _ statement: AppStatement) throws {
    let stated = received.header?.configuration.manifest
    app = try AppDescription(
      wasmLength: received.bytes.lengthBytes, wasmDigest: received.bytes.digest,
      securityEpoch: statement.securityEpoch ?? stated?.app.securityEpoch ?? 0,
      hostAPILevel: stated?.app.hostAPILevel ?? HostInterface.level(of: received.interface),
      name: statement.name ?? stated?.app.name ?? .empty, version: statement.version ?? stated?.app.version ?? .empty)
    publisher = statement.publisher?.signature ?? stated?.publisher
    // A whole image's own words have not passed where headers have.
    do throws(ImageFormatError) {
      _ = try AppLabel.naming(app.name.text)
      _ = try AppLabel.naming(app.version.text, field: .appVersion)
    } catch {
      throw FirmwareError.labelRefused(error)
    }
    guard let given = statement.publisher, let key = given.key else { return }
    do throws(ImageFormatError) {
      try app.verify(publisher: given.signature, trusting: [key])
    } catch {
      throw FirmwareError.signatureWrong(app)
    }
  }

  private init(app: AppDescription, publisher: ImageSignature) {
    self.app = app
    self.publisher = publisher
  }

  func signed(by key: Ed25519.PrivateKey) throws -> ReceivedApp {
    ReceivedApp(app: app, publisher: try app.signed(by: key))
  }

  /// The app as the Registry is told of it.
  package var wire: WireAppImage {
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
