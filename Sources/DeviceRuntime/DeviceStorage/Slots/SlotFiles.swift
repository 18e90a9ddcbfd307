package import UpdateCore

/// The names of a slot's files.
package struct SlotFiles {
  /// The whole image: head and wasm.
  package let image: String
  /// What the app's process compiled from it.
  package let compiled: String
  /// An image on its way here.
  package let download: String
  /// What that is; see `PendingDownload`.
  package let downloadDescription: String

  package init(_ slot: Slot) {
    let base = "slot-\(slot.name.lowercased())"
    image = "\(base).image"
    compiled = "\(base).compiled"
    download = "\(base).download"
    downloadDescription = "\(base).download.json"
  }
}
