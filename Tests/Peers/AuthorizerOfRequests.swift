package import Authorization
import OpenSSL
package import ServiceKit
import Testing
import Wire

/// Something that knows what bearer tokens allow, as HTTP servers see it.
package struct AuthorizerOfRequests: Sendable {
  let authorizer: any RequestAuthorizer
  /// Makes a token with these scopes.
  let makeToken: @Sendable (_ scopes: [AccessScope]) async throws -> (name: String, secret: String)
  /// Takes the token of this name back.
  let revokeToken: @Sendable (_ name: String) async throws -> Void

  package init(
    _ authorizer: any RequestAuthorizer,
    makeToken: @escaping @Sendable (_ scopes: [AccessScope]) async throws -> (name: String, secret: String),
    revokeToken: @escaping @Sendable (_ name: String) async throws -> Void
  ) {
    self.authorizer = authorizer
    self.makeToken = makeToken
    self.revokeToken = revokeToken
  }

  private static func presented(_ secret: String) throws -> PresentedToken {
    PresentedToken(text: secret, hash: try SHA256.digest(of: Array(secret.utf8)))
  }

  /// - Parameter action: empty: to read.
  @discardableResult
  private func ask(_ secret: String, for scope: AccessScope, to action: String = "") async throws -> Principal {
    try await authorizer.authorize(
      token: Self.presented(secret), scope: scope, action: action, target: action.isEmpty ? "" : "claim:1",
      source: "192.0.2.1")
  }

  package static let contract: [Promise<AuthorizerOfRequests>] = [
    Promise(name: "a token lets do what its scope says and those below it, and the answer has its name and scope") {
      peer in
      for held in AccessScope.allCases {
        let token = try await peer.makeToken([held])
        for asked in AccessScope.allCases {
          if asked > held {
            await expectRefusal(.permissionDenied, "missing-scope") { try await peer.ask(token.secret, for: asked) }
          } else {
            let principal = try await peer.ask(token.secret, for: asked)
            #expect(principal.name == "token:\(token.name)" && principal.scopes == [held])
          }
        }
      }
    },
    Promise(name: "a token that nobody made or that was taken back lets do nothing, and the refusal says which") {
      peer in
      await expectRefusal(.permissionDenied, "unknown-token") { try await peer.ask("nobodys", for: .read) }
      let token = try await peer.makeToken([.admin])
      try await peer.ask(token.secret, for: .admin)
      try await peer.revokeToken(token.name)
      await expectRefusal(.permissionDenied, "revoked-token") { try await peer.ask(token.secret, for: .read) }
    },
    Promise(name: "what is said of a change is good for that change alone, and how it ended is taken") { peer in
      let token = try await peer.makeToken([.operate])
      let principal = try await peer.ask(token.secret, for: .operate, to: "create-claim")
      #expect(principal.validity == .zero)
      for problem in [nil, "claim-exhausted"] as [String?] {
        try await peer.authorizer.conclude(
          token: Self.presented(token.secret), scope: .operate, action: "create-claim", target: "claim:1",
          source: "192.0.2.1", problem: problem)
      }
    },
  ]
}
