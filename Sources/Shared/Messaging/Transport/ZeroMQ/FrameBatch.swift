/// Several frames in one message of libzmq, which costs more than all the rest of a small frame.
///
/// The message is `00 78 74 01`, then each frame with its length before it as a protobuf varint. No
/// envelope starts so: a protobuf message has no field 0. A dialer asks with an empty batch whether
/// its server reads batches, and sends them once that has answered with the same; a listener answers
/// in batches whoever sends them. Programs that know nothing of it send and get one envelope a message.
struct FrameBatch {
  /// Longer frames go alone: copying them would cost more than it saves.
  static let frameLimit = 8 << 10
  /// The longest batch. Who takes no message of this length must not be sent any.
  static let byteLimit = 64 << 10
  private static let prefix: [UInt8] = [0x00, 0x78, 0x74, 0x01]

  /// What is to be sent.
  private(set) var message: [UInt8] = prefix
  private(set) var count = 0

  /// An empty batch.
  static var question: [UInt8] { prefix }

  static func isBatch(_ message: UnsafeRawBufferPointer) -> Bool {
    message.first == 0 && message.starts(with: prefix)
  }

  /// Whether a frame that is no batch would be taken for one.
  static func looksLikeBatch(_ frame: [UInt8]) -> Bool {
    frame.first == 0 && frame.starts(with: prefix)
  }

  func hasRoom(for frame: [UInt8]) -> Bool {
    // 5 bytes hold any length below.
    message.count + 5 + frame.count <= Self.byteLimit
  }

  mutating func append(_ frame: [UInt8]) {
    message.appendVarint(UInt64(frame.count))
    message.append(contentsOf: frame)
    count += 1
  }

  mutating func clear() {
    message.removeSubrange(Self.prefix.count...)
    count = 0
  }

  /// Takes a batch apart.
  ///
  /// - Returns: false if a frame is cut short; those before it were given to `body`.
  static func split(_ batch: UnsafeRawBufferPointer, _ body: ([UInt8]) -> Void) -> Bool {
    var position = prefix.count
    while position < batch.count {
      var length = 0
      var shift = 0
      while true {
        guard position < batch.count, shift < 35 else { return false }
        let byte = batch[position]
        position += 1
        length |= Int(byte & 0x7f) << shift
        shift += 7
        if byte < 0x80 { break }
      }
      guard length <= batch.count - position else { return false }
      body([UInt8](batch[position..<position + length]))
      position += length
    }
    return true
  }
}
