package import Foundations

/// A device that was named before it enrols, so that it needs no claim: its `serial` number, the `placement` and the
/// `name` that it will get.
package struct Registration: Sendable, Equatable {
  package var serial: String
  package var placement: DevicePlacement
  package var name: String
  /// The SHA-256 of the key that the device must have; nil: it has a secret.
  package var publicKeyHash: [UInt8]?
  /// The SHA-256 of the secret that the device presents; nil: it has a key.
  package var secretHash: [UInt8]?

  package init(serial: String, placement: DevicePlacement, name: String, publicKeyHash: [UInt8]?, secretHash: [UInt8]?)
  {
    self.serial = serial
    self.placement = placement
    self.name = name
    self.publicKeyHash = publicKeyHash
    self.secretHash = secretHash
  }

  /// The serial number, within its product, that is kept for this device.
  package var key: SerialKey { SerialKey(product: placement.product, serial: serial) }
}

/// A device that is to be named beforehand, its fields checked. `serial`, `placement`, `name` and `publicKeyHash` mean
/// what they mean in ``Registration``.
package struct NewRegistration: Sendable, Equatable {
  package var serial: String
  package var placement: DevicePlacement
  package var name: String
  package var publicKeyHash: [UInt8]?

  /// - Parameters:
  ///   - publicKeyHash: SHA-256 of the device's SubjectPublicKeyInfo in DER; empty: a secret is made for it.
  ///   - name: empty stands for the serial number.
  package init(
    serial: String, publicKeyHash: some Collection<UInt8>, product: String, group: String, tags: [String], name: String
  ) throws(RequestFailure) {
    self.serial = try EnrolmentFieldRules.newSerial(serial)
    self.publicKeyHash = publicKeyHash.isEmpty ? nil : try EnrolmentFieldRules.keyHash(publicKeyHash)
    placement = try DevicePlacement(product: product, group: group, tags: tags)
    let name = try FieldText.visible(name, field: "name", length: 0...EnrolmentFieldRules.nameLength)
    self.name = name.isEmpty ? serial : name
  }
}
