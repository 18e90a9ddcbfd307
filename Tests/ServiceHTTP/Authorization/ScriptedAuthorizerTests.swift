import Authorization
import Foundations
import ServiceKit
import TestPeers
import TestSupport
import Testing

@Suite(.seated) struct ScriptedAuthorizerTests {
  @Test func itKeepsWhatAuthorizersPromiseToServers() async {
    let authorizer = ScriptedAuthorizer()
    let peer = AuthorizerOfRequests(authorizer) { scopes in
      let name = "ci-\(DeviceID.random())"
      try authorizer.add(name, Set(scopes), validity: .seconds(60))
      return (name, name)
    } revokeToken: { name in
      try authorizer.refuse(name, .revoked)
    }
    await expect(peer, toKeep: AuthorizerOfRequests.contract)
  }
}
