import Authorization
import Foundation
import Foundations
import Messaging
import ServiceKit
import SwiftProtobuf
import TestPeers
import TestSupport
import Testing
import Wire

extension IntegrationTests {
  /// The real services keep what those promise that play them in the tests of others.
  @Suite(.seated) struct ContractTests {
    private static func makeDevice(_ registry: any RPCCaller) async throws -> DeviceID {
      let made = try await registry.call(WireCreateDevice.with { $0.name = "pump" })
      return try #require(DeviceID(bytes: made.id))
    }

    /// A device that polls, and its token.
    private static func enroll(_ provisioner: any RPCCaller) async throws -> (device: DeviceID, token: String) {
      let claim = WireCreateClaim.with {
        $0.count = 1
        $0.lifetimeSeconds = 3_600
      }
      let token = try await provisioner.call(claim).token
      let identity = try await provisioner.call(
        WireEnrollDevice.with {
          $0.token = token
          $0.serial = "SN-\(DeviceID.random())"
          $0.pollingOnly = true
        })
      return (try #require(DeviceID(bytes: identity.deviceID)), identity.pollingToken)
    }

    @Test func theRegistryKeepsWhatItPromisesToImageStores() async throws {
      try await withInstallation(.registry) { installation in
        try await installation.withClient(of: .registry) { registry in
          let peer = RegistryOfImages(registry) {
            try await Self.makeDevice(registry)
          } makeToken: { scopes in
            let request = WireCreateToken.with {
              $0.name = "ci-\(DeviceID.random())"
              $0.scopes = scopes
              $0.lifetimeSeconds = 3_600
            }
            return try await registry.call(request).secret
          }
          await expect(peer, toKeep: RegistryOfImages.contract)
        }
      }
    }

    /// Through the adapter that the other services ask it with.
    @Test func theRegistryKeepsWhatAuthorizersPromiseToServers() async throws {
      try await withInstallation(.registry) { installation in
        try await installation.withClient(of: .registry) { registry in
          let peer = AuthorizerOfRequests(RegistryAuthorizer(registry, deadline: .seconds(30))) { scopes in
            let name = "ci-\(DeviceID.random())"
            let request = WireCreateToken.with {
              $0.name = name
              $0.scopes = scopes.map(\.rawValue)
              $0.lifetimeSeconds = 3_600
            }
            return (name, try await registry.call(request).secret)
          } revokeToken: { name in
            _ = try await registry.call(WireRevokeToken.with { $0.name = name })
          }
          await expect(peer, toKeep: AuthorizerOfRequests.contract)
        }
      }
    }

    @Test func theRegistryKeepsWhatItPromisesToProvisioners() async throws {
      try await withInstallation(.registry) { installation in
        try await installation.withClient(of: .registry) { registry in
          await expect(RegistryOfDevices(registry), toKeep: RegistryOfDevices.contract)
        }
      }
    }

    @Test func theRegistryKeepsWhatItPromisesToNotifiers() async throws {
      try await withInstallation(.registry) { installation in
        try await installation.withClient(of: .registry) { registry in
          let peer = RegistryOfReports(registry) {
            let device = try await Self.makeDevice(registry)
            _ = try await registry.call(Installation.assignment(of: 1, to: device))
            return device
          } makeStranger: {
            DeviceID.random()
          }
          await expect(peer, toKeep: RegistryOfReports.contract)
        }
      }
    }

    @Test func notifierAndRegistryKeepWhatTheyPromiseToDevices() async throws {
      try await withInstallation(.registry, .notifier) { installation in
        try await installation.withClient(of: .registry) { registry in
          let broker = installation.broker
          let peer = ServersOfDevices {
            let device = try await Self.makeDevice(registry)
            _ = try await registry.call(Installation.assignment(of: 1, to: device))
            return (device, broker)
          }
          await expect(peer, toKeep: ServersOfDevices.contract)
        }
      }
    }

    @Test func theNotifierKeepsWhatItPromisesToTheRegistry() async throws {
      try await withInstallation(.registry, .notifier) { installation in
        try await installation.withClient(of: .notifier) { notifier in
          await expect(NotifierOfRegistry(notifier), toKeep: NotifierOfRegistry.contract)
        }
      }
    }

    @Test func theNotifierKeepsWhatItPromisesToTheProvisioner() async throws {
      try await withInstallation(.registry, .notifier) { installation in
        try await installation.withClient(of: .notifier) { notifier in
          await expect(NotifierOfProvisioner(notifier), toKeep: NotifierOfProvisioner.contract)
        }
      }
    }

    @Test func theProvisionerKeepsWhatItPromisesToTheRegistry() async throws {
      try await withInstallation(.registry, .provisioner) { installation in
        try await installation.withClient(of: .provisioner) { provisioner in
          let peer = ProvisionerOfRegistry(provisioner) { try await Self.enroll(provisioner).device }
          await expect(peer, toKeep: ProvisionerOfRegistry.contract)
        }
      }
    }

    @Test func theProvisionerKeepsWhatItPromisesToImageStores() async throws {
      try await withInstallation(.registry, .provisioner) { installation in
        try await installation.withClient(of: .provisioner) { provisioner in
          let peer = ProvisionerOfImages(provisioner) { try await Self.enroll(provisioner) }
          await expect(peer, toKeep: ProvisionerOfImages.contract)
        }
      }
    }
  }
}
