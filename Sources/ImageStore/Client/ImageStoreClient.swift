import AdminHTTP
package import Curl
package import ServiceKit

/// Sends images to a store and fetches them, for the admin commands.
package struct ImageStoreClient: Sendable {
  /// Called with how many of how many bytes are through.
  package typealias Progress = @Sendable (_ completedBytes: Int, _ totalBytes: Int) -> Void

  private static let name = "the image store"

  let store: AdminHTTPClient
  var url: String { store.url }

  /// - Parameter url: the store's base, for example `http://127.0.0.1:7121`.
  package init(url: String, http: HTTPClient = HTTPClient()) {
    store = AdminHTTPClient(Self.name, url: url, http: http)
  }

  /// - Parameter url: the store's base, for example `https://127.0.0.1:7121`.
  package init(url: String, credentials: HTTPCredentials) throws {
    store = try AdminHTTPClient(Self.name, url: url, credentials: credentials)
  }
}
