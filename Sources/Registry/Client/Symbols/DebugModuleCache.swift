import AdminHTTP
package import Curl
import Foundation
import Foundations
package import ServiceKit
import WebAssemblyModule

/// Debug modules (apps before they were stripped) by build ID, each fetched once from an image store and then kept.
package struct DebugModuleCache: Sendable {
  static let maximumModuleBytes = 1 << 30

  private let folder: String
  private let imageStore: String
  private let http: HTTPClient

  /// - Parameters:
  ///   - folder: where they are kept; made if need be.
  ///   - imageStore: the image store's URL.
  package init(folder: String, imageStore: String, http: HTTPClient = HTTPClient()) {
    self.folder = folder
    self.imageStore = imageStore.hasSuffix("/") ? String(imageStore.dropLast()) : imageStore
    self.http = http
  }

  /// - Parameter credentials: what the image store is trusted by, and what it is shown.
  package init(folder: String, imageStore: String, credentials: HTTPCredentials) throws {
    self.init(folder: folder, imageStore: imageStore, http: try HTTPClient(credentials: credentials))
  }

  /// `xtblish/debug` where the user's caches are.
  package static func usualFolder(environment: [String: String]) -> String {
    if let caches = environment["XDG_CACHE_HOME"], caches.hasPrefix("/") { return "\(caches)/xtblish/debug" }
    return "\(environment["HOME"] ?? "/tmp")/.cache/xtblish/debug"
  }

  /// A debug module's file, and where in it the code of each function is.
  struct Module {
    let path: String
    let layout: CodeLayout
  }

  /// The debug module of a build; nil if the image store has none.
  func module(of buildID: [UInt8]) async throws -> Module? {
    let name = Hexadecimal.encode(buildID)
    let path = "\(folder)/\(name).wasm"
    if let kept = try? Data(contentsOf: URL(fileURLWithPath: path)), let layout = Self.layout(Array(kept), buildID) {
      return Module(path: path, layout: layout)
    }
    guard let bytes = try await fetch(name) else { return nil }
    guard let layout = Self.layout(bytes, buildID) else {
      throw AdminError("what \(imageStore) keeps as build \(name) is no module of that build", status: .data)
    }
    do {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      // Under its name only when it is whole.
      try Data(bytes).write(to: URL(fileURLWithPath: path), options: .atomic)
    } catch {
      throw AdminError("the debug module can't be kept in \(folder): \(error)", status: .failure)
    }
    return Module(path: path, layout: layout)
  }

  private func fetch(_ name: String) async throws -> [UInt8]? {
    let url = "\(imageStore)/debug/\(name)"
    let response: HTTPClient.Response
    do {
      response = try await http.request(
        HTTPClient.Request("GET", url, maximumResponseBytes: Self.maximumModuleBytes))
    } catch {
      throw AdminError(
        "the image store can't be asked for the debug module: \(error.message.asClause); say where it is with "
          + "--image-store or XTBLISH_IMAGE_STORE_URL", status: .unavailable)
    }
    if response.status == 404 { return nil }
    if response.status == 401 || response.status == 403 {
      throw AdminError(
        "the image store takes a token with the scope read for the debug module; name its file with --token-file or "
          + "XTBLISH_TOKEN_FILE", status: .failure)
    }
    guard response.status == 200 else {
      throw AdminError("\(url) answered with status \(response.status)", status: .temporary)
    }
    return response.body
  }

  private static func layout(_ bytes: [UInt8], _ buildID: [UInt8]) -> CodeLayout? {
    guard let interface = try? WebAssemblyModule.interface(of: bytes), interface.buildID == buildID else { return nil }
    return CodeLayout(bytes, interface)
  }
}
