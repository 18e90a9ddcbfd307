import DeviceBoard
import DeviceStorage

extension Board {
  /// The board that the device's directory describes. If it describes none, or the description is wrong, this is the
  /// simulated board, and `problem` says what is wrong: a device must come up to be mended.
  ///
  /// - Parameter now: on the monotonic clock.
  static func load(from flash: any Flash, now: UInt64) -> (board: Board, problem: String?) {
    do {
      guard let bytes = try flash.readAll(fileName, maximumBytes: maximumFileBytes) else { return (simulated, nil) }
      let board = try Board(parsing: bytes, now: now) { name in
        guard let text = try flash.readAll(name, maximumBytes: maximumFileBytes) else {
          throw BoardError("\(name) is not in the device's directory")
        }
        return String(decoding: text, as: UTF8.self)
      }
      return (board, nil)
    } catch {
      return (simulated, "the board is simulated, as its description can't be used: \(error)")
    }
  }
}
