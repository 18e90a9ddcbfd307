import FoundationEssentials
package import Foundations
package import Messaging
package import RegistryDomain
import Wire

/// The Provisioner, over the bus.
package struct BusProvisioner: CertificateProvider {
  private let client: any RPCCaller

  package init(_ client: any RPCCaller) {
    self.client = client
  }

  /// Has all certificates of the device taken back.
  package func revoke(
    _ device: DeviceID, reason: String, by requester: Requester, deadline: Duration
  ) async throws(RequestFailure) {
    var request = WireRevokeDevice()
    request.deviceID = Data(device.bytes)
    request.reason = reason
    request.requester = WireRequester(requester)
    do throws(WireFailure) {
      _ = try await client.call(request, deadline: deadline)
    } catch { throw RequestFailure(error) }
  }

  /// Has the device let in again.
  package func reinstate(
    _ device: DeviceID, by requester: Requester, deadline: Duration
  ) async throws(RequestFailure) {
    var request = WireReinstateDevice()
    request.deviceID = Data(device.bytes)
    request.requester = WireRequester(requester)
    do throws(WireFailure) {
      _ = try await client.call(request, deadline: deadline)
    } catch {
      throw RequestFailure(
        error.handedOn(
          ifAbsent: "provisioner-unavailable",
          "the Registry reached no Provisioner, so the device was not let in: start one, or correct the Registry's "
            + "provisioner.endpoints, and repeat the command"))
    }
  }
}

extension WireRequester {
  fileprivate init(_ requester: Requester) {
    self.init()
    principal = requester.principal
    source = requester.source
  }
}
