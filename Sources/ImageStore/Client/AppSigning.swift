import DeviceProtocol
import FileAccess
import FirmwareImage
import Foundation
import Foundations
import Glibc
import ImageStoreContract
import OpenSSL
import ServiceKit
import WebAssemblyModule

/// A publisher's statement about an app, signed: what goes with an upload.
package struct AppSigning: Sendable {
  /// What a publisher says of a module besides the module itself: the app's `name` and `version`, at most 32 bytes
  /// each, and its `securityEpoch`: devices that confirmed a higher one refuse the app.
  package struct Statement: Sendable {
    package var name: String
    package var version: String
    package var securityEpoch: UInt32

    /// - Parameters:
    ///   - name: at most 32 bytes, as is the version.
    ///   - securityEpoch: devices that confirmed a higher one refuse the app.
    package init(name: String, version: String, securityEpoch: UInt32) {
      self.name = name
      self.version = version
      self.securityEpoch = securityEpoch
    }
  }

  /// The headers of `POST /firmware/{device}`, in their order.
  package let headers: [(name: String, value: String)]

  /// Signs a .wasm file. Commands have the process for themselves, so this blocks.
  package init(file: String, statement: Statement, keyFile: String) throws {
    let interface = try ImageStoreClient.interface(ofFile: file)
    let wasm: (digest: SHA256Digest, length: UInt64)
    do {
      let opened = try ImageStoreClient.open(file)
      wasm = (try opened.digest(prefixedBy: []), try opened.status().identity.sizeBytes)
    } catch let error as FileError {
      throw AdminError("\(error); check the path", status: .data)
    }
    guard try Self.isModule(file) else {
      throw AdminError("\(file) is a whole image; sign the .wasm that is in it", status: .data)
    }
    do {
      let key = try SigningKeyFile.readPrivate(keyFile)
      let app = try AppDescription(
        wasmLength: wasm.length, wasmDigest: wasm.digest, securityEpoch: statement.securityEpoch,
        hostAPILevel: HostInterface.level(of: interface), name: AppLabel.naming(statement.name),
        version: AppLabel.naming(statement.version, field: .appVersion))
      let signature = try app.signed(by: key)
      headers = [
        (UploadHeaderName.appName, statement.name), (UploadHeaderName.appVersion, statement.version),
        (UploadHeaderName.securityEpoch, "\(statement.securityEpoch)"),
        (UploadHeaderName.publisherKey, Hexadecimal.encode(try key.publicKey().rawRepresentation)),
        (UploadHeaderName.publisherSignature, Hexadecimal.encode(signature.signature)),
      ]
    } catch let error as SigningKeyError {
      throw AdminError(error.description, status: .data)
    } catch let error as ImageFormatError {
      throw AdminError(error.description, status: .data)
    }
  }

  /// Reads a file that holds what `text` gave: only these headers, so that a file of another kind says nothing to the
  /// store.
  package init(headersFile path: String) throws {
    guard let content = FileManager.default.contents(atPath: path) else {
      throw AdminError("\(path) can't be read: check the path and its rights", status: .data)
    }
    guard content.count < 4096, let text = String(validating: content, as: UTF8.self) else {
      throw AdminError("\(path) can't be read as headers; make it with sign", status: .data)
    }
    headers = try text.linesOfText.filter { !$0.isEmpty }.map { line in
      let name = line.utf8.prefix { $0 != UInt8(ascii: ":") }
      let parts = [Substring(name), Substring(line.utf8.dropFirst(name.count + 2))]
      guard line.utf8.dropFirst(name.count).starts(with: ": ".utf8), Self.names.contains(String(parts[0])) else {
        throw AdminError("\(path) has a line that sign does not write; make it again", status: .data)
      }
      return (String(parts[0]), String(parts[1]))
    }
  }

  private static let names = [
    UploadHeaderName.appName, UploadHeaderName.appVersion, UploadHeaderName.securityEpoch,
    UploadHeaderName.publisherKey,
    UploadHeaderName.publisherSignature,
  ]

  /// The headers, one a line, as `curl --header @FILE` takes them.
  package var text: String { headers.map { "\($0.name): \($0.value)\n" }.joined() }

  private static func isModule(_ path: String) throws -> Bool {
    var start = [UInt8](repeating: 0, count: 4)
    do {
      let opened = try ImageStoreClient.open(path)
      return try start.withUnsafeMutableBytes { buffer in try opened.read(at: 0, into: buffer) } == 4
        && start == Array(WebAssemblyPreamble.module.prefix(4))
    } catch let error as FileError {
      throw AdminError("\(error); check the path", status: .data)
    }
  }
}
