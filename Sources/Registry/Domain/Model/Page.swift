/// A part of a list: its `items`, and the position to ask for the `next` part with, which is nil at the end.
package struct Page<Item: Sendable, Position: Sendable>: Sendable {
  package var items: [Item]
  package var next: Position?

  package init(items: [Item], next: Position?) {
    self.items = items
    self.next = next
  }
}
