package import Foundations

/// A device that is to be made, with its `name`, its `tags` (sorted, without doubles) and the `serial` number of its
/// board (empty for none), all of the right form.
package struct NewDevice: Sendable, Equatable {
  /// The ID to give it; nil lets the Registry choose one.
  package var id: DeviceID?
  package var name: String
  package var tags: [String]
  package var serial: String

  /// - Throws: `invalid` for a name, a tag or a serial number of another form than ``FieldRules`` asks for.
  package init(id: DeviceID?, name: String, tags: [String], serial: String) throws(RequestFailure) {
    self.id = id
    self.name = try FieldRules.name(name)
    self.tags = try FieldRules.tags(tags)
    self.serial = try FieldRules.serial(serial)
  }
}
