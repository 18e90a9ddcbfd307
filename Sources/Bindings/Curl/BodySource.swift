import Glibc

/// What a request sends: bytes in memory, or a file that is open until `close`.
struct BodySource {
  private enum Storage {
    case bytes([UInt8])
    case file(path: String, descriptor: Int32)
  }

  static let none = BodySource(storage: .bytes([]), sizeBytes: 0)

  private let storage: Storage
  let sizeBytes: Int64
  var offset: Int64 = 0

  private init(storage: Storage, sizeBytes: Int64) {
    self.storage = storage
    self.sizeBytes = sizeBytes
  }

  init(_ body: HTTPClient.Request.Body) throws(CurlError) {
    switch body {
    case .none:
      self = .none
    case .bytes(let bytes):
      self.init(storage: .bytes(bytes), sizeBytes: Int64(bytes.count))
    case .file(let path):
      let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
      guard descriptor >= 0 else { throw Self.failure("can't open \(path)", errno) }
      var status = stat()
      guard unsafe fstat(descriptor, &status) == 0 else {
        let error = errno
        Glibc.close(descriptor)
        throw Self.failure("can't look at \(path)", error)
      }
      guard status.st_mode & S_IFMT == S_IFREG else {
        Glibc.close(descriptor)
        throw CurlError(.sourceFailed, "\(path) is not a regular file, so its length can't be announced")
      }
      self.init(storage: .file(path: path, descriptor: descriptor), sizeBytes: Int64(status.st_size))
    }
  }

  func close() {
    if case .file(_, let descriptor) = storage { Glibc.close(descriptor) }
  }

  /// - Returns: how many bytes were put into `space`; 0 at the end.
  mutating func read(into space: UnsafeMutableRawBufferPointer) throws(CurlError) -> Int {
    // A file that grew after its length was announced is sent as it was.
    let count = min(space.count, Int(clamping: sizeBytes - offset))
    guard count > 0 else { return 0 }
    switch storage {
    case .bytes(let bytes):
      unsafe bytes.withUnsafeBytes { bytes in
        unsafe space.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[Int(offset)..<Int(offset) + count]))
      }
      offset += Int64(count)
      return count
    case .file(let path, let descriptor):
      while true {
        let got = unsafe pread(descriptor, space.baseAddress, count, off_t(offset))
        if got < 0, errno == EINTR { continue }
        guard got >= 0 else { throw Self.failure("can't read \(path)", errno) }
        guard got > 0 else { throw CurlError(.sourceFailed, "\(path) became shorter while it was sent") }
        offset += Int64(got)
        return got
      }
    }
  }

  private static func failure(_ what: String, _ error: Int32) -> CurlError {
    CurlError(.sourceFailed, "\(what): \(unsafe String(cString: strerror(error)))", systemError: error)
  }
}
