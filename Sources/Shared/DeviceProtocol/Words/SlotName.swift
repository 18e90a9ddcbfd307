/// A device's two places for an image, as messages call them. The first image may be in either.
package enum SlotName: String, Sendable, CaseIterable {
  case a = "A"
  case b = "B"
}
