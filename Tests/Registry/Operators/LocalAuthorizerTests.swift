import Foundations
import RegistryStorage
import ServiceKit
import TestPeers
import TestSupport
import Testing

@testable import RegistryAuthority
@testable import RegistryDomain

@Suite(.seated) struct LocalAuthorizerTests {
  @Test func itKeepsWhatAuthorizersPromiseToServers() async throws {
    let store = try await Fixture.make().store
    let peer = AuthorizerOfRequests(LocalAuthorizer(RequestAuthority(store: store, logger: .quiet))) { scopes in
      let name = "ci-\(DeviceID.random())"
      return (name, try await store.createToken(.sample(name, scopes), by: .operatorAnna).secret.text)
    } revokeToken: { name in
      _ = try await store.revokeToken(name, by: .operatorAnna)
    }
    await expect(peer, toKeep: AuthorizerOfRequests.contract)
  }
}
