import FirmwareImage
package import Foundations

/// A device that is to be made.
package struct NewDevice: Sendable, Equatable {
  /// Nil: the Registry chooses.
  package var id: DeviceID?
  package var name: String
  package var tags: [String]
  package var serial: String

  package init(id: DeviceID?, name: String, tags: [String], serial: String) throws(RequestFailure) {
    self.id = id
    self.name = try FieldRules.name(name)
    self.tags = try FieldRules.tags(tags)
    self.serial = try FieldRules.serial(serial)
  }
}
