package import Curl
package import ServiceKit

extension HTTPClient {
  /// A client that trusts and shows what an admin command was told to.
  ///
  /// - Throws: `AdminError` for a token that is none.
  package convenience init(credentials: HTTPCredentials) throws {
    var configuration = Configuration()
    if let file = credentials.caFile { configuration.tls = HTTPTLS(caFile: file) }
    if let text = credentials.token {
      guard let token = BearerToken(text) else {
        throw AdminError("the token has characters that no token has; check the token file", status: .configuration)
      }
      configuration.bearerToken = token
    }
    self.init(configuration)
  }
}
