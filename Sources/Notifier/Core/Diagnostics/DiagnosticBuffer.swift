import Foundations

/// Log lines or crash reports on their way to the Registry, in the order in which they came. Bounded in bytes, and in
/// what one device may have in it, so that no device takes the place of all others.
///
/// It lives in memory alone: what dies with the process, or finds no place, is sent again by its device.
struct DiagnosticBuffer<Content: Sendable>: Sendable {
  struct Item: Sendable {
    let device: DeviceID
    /// Two with the same are the same.
    let key: String
    /// Of the payload.
    let sizeBytes: Int
    let content: Content
  }

  private let maximumBytes: Int
  private let maximumPerDevice: Int
  private var items: [Item] = []
  private var head = 0
  private var keys: [DeviceID: Set<String>] = [:]
  private(set) var sizeBytes = 0

  init(maximumBytes: Int, maximumPerDevice: Int) {
    self.maximumBytes = maximumBytes
    self.maximumPerDevice = maximumPerDevice
  }

  var count: Int { items.count - head }
  var isEmpty: Bool { count == 0 }

  /// False if there is no place for it. One that is in it already is taken as done.
  mutating func add(_ item: Item) -> Bool {
    let present = keys[item.device] ?? []
    if present.contains(item.key) { return true }
    guard present.count < maximumPerDevice, sizeBytes + item.sizeBytes <= maximumBytes else { return false }
    keys[item.device, default: []].insert(item.key)
    items.append(item)
    sizeBytes += item.sizeBytes
    return true
  }

  /// Takes out the oldest, as many as are within both bounds and at least one.
  mutating func take(maximumItems: Int, maximumBytes: Int) -> [Item] {
    var taken: [Item] = []
    var bytes = 0
    while head < items.count, taken.count < maximumItems {
      let item = items[head]
      guard taken.isEmpty || bytes + item.sizeBytes <= maximumBytes else { break }
      bytes += item.sizeBytes
      taken.append(item)
      head += 1
      keys[item.device]?.remove(item.key)
      if keys[item.device]?.isEmpty == true { keys[item.device] = nil }
    }
    sizeBytes -= bytes
    // What was taken leaves in one go, as each removal moves all the rest.
    if head > 1_024 || head == items.count {
      items.removeFirst(head)
      head = 0
    }
    return taken
  }
}
