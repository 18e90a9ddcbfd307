import Curl
package import ServiceKit

extension ImageStoreClient {
  /// - Parameter url: the store's base, for example `https://127.0.0.1:7121`.
  package init(url: String, credentials: HTTPCredentials) throws {
    var configuration = HTTPClient.Configuration()
    if let file = credentials.caFile { configuration.tls = HTTPTLS(caFile: file) }
    if let text = credentials.token {
      guard let token = BearerToken(text) else {
        throw AdminError("the token has characters that no token has; check the token file", status: .configuration)
      }
      configuration.bearerToken = token
    }
    self.init(url: url, http: HTTPClient(configuration))
  }
}
