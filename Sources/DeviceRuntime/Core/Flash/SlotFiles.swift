internal import UpdateCore

/// The names of a slot's files.
struct SlotFiles {
  /// The whole image: head and wasm.
  let image: String
  /// What the app's process compiled from it.
  let compiled: String
  /// An image on its way here.
  let download: String
  /// What that is; see `PendingDownload`.
  let downloadDescription: String

  init(_ slot: Slot) {
    let base = slot == .a ? "slot-a" : "slot-b"
    image = "\(base).image"
    compiled = "\(base).compiled"
    download = "\(base).download"
    downloadDescription = "\(base).download.json"
  }
}
