import DequeModule
import Foundations

/// Log lines or crash reports on their way to the Registry, in the order in which they came. Bounded in bytes, and in
/// what one device may have in it, so that no device takes the place of all others.
///
/// It lives in memory alone: what dies with the process, or finds no place, is sent again by its device.
struct DiagnosticBuffer<Content: Sendable>: IntakeBuffer {
  /// A log batch or crash report that waits.
  struct Item: Sendable {
    let device: DeviceID
    /// What tells the item from others of its device: a second one with the same key is a repeat.
    let key: String
    /// Bytes of the payload as it came.
    let sizeBytes: Int
    let content: Content
  }

  private let maximumBytes: Int
  private let maximumPerDevice: Int
  private var items: Deque<Item> = []
  private var keys: [DeviceID: Set<String>] = [:]
  private(set) var sizeBytes = 0

  init(maximumBytes: Int, maximumPerDevice: Int) {
    self.maximumBytes = maximumBytes
    self.maximumPerDevice = maximumPerDevice
  }

  var count: Int { items.count }
  var isEmpty: Bool { items.isEmpty }
  var fill: Int { sizeBytes }

  /// Puts an item in, unless a repeat of it is there.
  ///
  /// - Returns: false if there is no place for it.
  mutating func add(_ item: Item) -> Bool {
    let present = keys[item.device] ?? []
    if present.contains(item.key) { return true }
    guard present.count < maximumPerDevice, sizeBytes + item.sizeBytes <= maximumBytes else { return false }
    keys[item.device, default: []].insert(item.key)
    items.append(item)
    sizeBytes += item.sizeBytes
    return true
  }

  /// Takes out the oldest items, as many as are within both bounds and at least one.
  mutating func take(within bounds: BatchBounds) -> [Item] {
    var taken: [Item] = []
    var bytes = 0
    while let item = items.first, taken.count < bounds.items {
      guard taken.isEmpty || bytes + item.sizeBytes <= bounds.bytes else { break }
      items.removeFirst()
      bytes += item.sizeBytes
      taken.append(item)
      keys[item.device]?.remove(item.key)
      if keys[item.device]?.isEmpty == true { keys[item.device] = nil }
    }
    sizeBytes -= bytes
    return taken
  }
}
