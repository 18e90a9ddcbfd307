package import UpdateCore

/// The names of a slot's files.
package struct SlotFiles {
  /// The whole image: head and wasm.
  package let image: String
  /// The machine code that the app's process compiled from the image.
  package let compiled: String
  /// An image on its way to the slot.
  package let download: String
  /// What is on its way to the slot; see `PendingDownload`.
  package let downloadDescription: String

  package init(_ slot: Slot) {
    let base = slot == .a ? "slot-a" : "slot-b"
    image = "\(base).image"
    compiled = "\(base).compiled"
    download = "\(base).download"
    downloadDescription = "\(base).download.json"
  }
}
