/// A part of a list, and the position after it if there is more.
package struct Page<Item: Sendable, Position: Sendable>: Sendable {
  package var items: [Item]
  package var next: Position?

  package init(items: [Item], next: Position?) {
    self.items = items
    self.next = next
  }
}
