package import Foundations

/// A device as far as somebody who searches needs it to choose: its `id` and `name`.
package struct FoundDevice: Sendable, Equatable {
  package var id: DeviceID
  package var name: String

  package init(id: DeviceID, name: String) {
    self.id = id
    self.name = name
  }
}
