import DeviceProtocol

/// One of the two places for an image: one holds the app that is kept, the other takes the next one.
package enum Slot: Sendable, Hashable, CaseIterable {
  case a
  case b

  /// What messages and files call it.
  package var name: String {
    switch self {
    case .a: SlotName.a.rawValue
    case .b: SlotName.b.rawValue
    }
  }

  /// Where the next image goes while this one is used.
  package var other: Slot { self == .a ? .b : .a }
}
