import FirmwareAssignment
import FirmwareImage
import Foundation
import Foundations
import HTTPTypes
import ImageStoreContract
import OpenSSL
import ServiceHTTP
import ServiceKit

/// What the headers of `POST /firmware/{device}` say.
struct UploadHeaders: Sendable {
  static let appName = HTTPField.Name(UploadHeaderName.appName)!
  static let appVersion = HTTPField.Name(UploadHeaderName.appVersion)!
  static let securityEpoch = HTTPField.Name(UploadHeaderName.securityEpoch)!
  static let publisherKey = HTTPField.Name(UploadHeaderName.publisherKey)!
  static let publisherSignature = HTTPField.Name(UploadHeaderName.publisherSignature)!
  static let idempotencyKey = HTTPField.Name(UploadHeaderName.idempotencyKey)!
  /// The longest idempotency key; longer ones would only cost the Registry room.
  static let maximumKeyBytes = 200

  let statement: AppStatement
  /// The client's, or a random one so that the store's own retries are safe.
  let idempotencyKey: String

  init(_ headers: HTTPFields) throws {
    statement = AppStatement(
      name: try Self.label(headers, Self.appName, .appName),
      version: try Self.label(headers, Self.appVersion, .appVersion), securityEpoch: try Self.epoch(headers),
      publisher: try Self.publisher(headers))
    if let key = headers[Self.idempotencyKey] {
      guard (1...Self.maximumKeyBytes).contains(key.utf8.count), key.utf8.allSatisfy({ (0x20...0x7E).contains($0) })
      else {
        throw Self.invalid(Self.idempotencyKey, "1 to \(Self.maximumKeyBytes) printable ASCII characters are a key")
      }
      idempotencyKey = key
    } else {
      idempotencyKey = Hexadecimal.encode(try randomBytes(count: 16))
    }
  }

  private static func label(
    _ headers: HTTPFields, _ field: HTTPField.Name, _ meaning: ImageField
  ) throws -> AppLabel? {
    guard let text = headers[field], !text.isEmpty else { return nil }
    do throws(ImageFormatError) {
      return try AppLabel.naming(text, field: meaning)
    } catch {
      throw invalid(field, error.description)
    }
  }

  private static func epoch(_ headers: HTTPFields) throws -> UInt32? {
    guard let text = headers[securityEpoch] else { return nil }
    guard let epoch = UInt32(text), text == String(epoch) else {
      throw invalid(securityEpoch, "an epoch is a whole number from 0 to \(UInt32.max)")
    }
    return epoch
  }

  private static func publisher(_ headers: HTTPFields) throws -> AppStatement.Publisher? {
    guard let keyText = headers[publisherKey] else {
      if headers[publisherSignature] == nil { return nil }
      throw invalid(publisherKey, "a publisher's signature needs the key that made it")
    }
    guard let signatureText = headers[publisherSignature] else {
      throw invalid(publisherSignature, "a publisher's key needs its signature")
    }
    guard let signatureBytes = bytes(signatureText), signatureBytes.count == ImageSignature.byteCount else {
      throw invalid(publisherSignature, "a signature is 64 bytes in hexadecimal or base64")
    }
    let keyBytes = bytes(keyText) ?? []
    let key = keyBytes.count == Ed25519.keyByteCount ? try Ed25519.PublicKey(rawRepresentation: keyBytes) : nil
    guard let keyID = try key.map({ try KeyID(of: $0) }) ?? KeyID(bytes: keyBytes) else {
      throw invalid(
        publisherKey, "a key is its 32 public bytes, or the 8 bytes of its ID, in hexadecimal or base64")
    }
    guard let signature = ImageSignature(keyID: keyID, signature: signatureBytes) else {
      throw invalid(publisherSignature, "a signature is not all zero")
    }
    return AppStatement.Publisher(signature: signature, key: key)
  }

  private static func bytes(_ text: String) -> [UInt8]? {
    Hexadecimal.decode(text) ?? Data(base64Encoded: text).map(Array.init)
  }

  private static func invalid(_ field: HTTPField.Name, _ problem: String) -> ProblemError {
    ProblemError(
      .badRequest, reason: "invalid-header", detail: "the header \(field.rawName) can't be used: \(problem)",
      members: ["header": .text(field.rawName)])
  }
}
