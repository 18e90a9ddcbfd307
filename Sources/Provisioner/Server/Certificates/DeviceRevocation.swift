package import Foundations

/// Takes a device's certificates back, and has everybody told at once.
package struct DeviceRevocation: Sendable {
  private let store: CertificateStore
  private let keeper: AuthorityKeeper

  package init(store: CertificateStore, keeper: AuthorityKeeper) {
    self.store = store
    self.keeper = keeper
  }

  /// - Returns: whether it had a certificate that was still good.
  package func revoke(_ device: DeviceID, reason: String, requester: String) async throws -> Bool {
    let reason = try FieldText.printable(reason, field: "reason", length: 0...200)
    let isNew = try await store.revoke(device, reason: reason, requester: String(requester.prefix(200)))
    // The replicas hear of it too; this one need not wait for that.
    await keeper.turn()
    return isNew
  }
}
