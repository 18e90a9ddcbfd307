import CCurl
import Glibc

/// What libcurl calls, on the loop's thread.
extension Transfer {
  static func from(_ context: UnsafeMutableRawPointer?) -> Transfer {
    unsafe Unmanaged<Transfer>.fromOpaque(context!).takeUnretainedValue()
  }

  /// - Returns: how much was taken; anything but all of it ends the transfer.
  func receiveHeader(_ bytes: UnsafeRawBufferPointer) -> Int {
    let line = unsafe String(decoding: bytes, as: UTF8.self)
    if line.hasPrefix("HTTP/") {
      // Of several heads (100 Continue, redirects), the last counts.
      head = HTTPClient.ResponseHead(status: Self.status(of: line))
      headSizeBytes = 0
    } else if let colon = line.firstIndex(of: ":") {
      head.headers.append(HTTPClient.Header(String(line[..<colon]), line[line.index(after: colon)...].trimmed))
    }
    headSizeBytes += bytes.count
    guard headSizeBytes <= maximumHeaderBytes else {
      failure = CurlError(
        .responseTooLarge, "\(plan.request.url): the head of the response exceeds \(maximumHeaderBytes) bytes")
      return 0
    }
    return bytes.count
  }

  private static func status(of line: String) -> Int {
    let fields = line.split(separator: " ", maxSplits: 2)
    return fields.count > 1 ? Int(fields[1].trimmed) ?? 0 : 0
  }

  func receive(_ bytes: UnsafeRawBufferPointer) -> Int {
    let target = target ?? plan.target(head)
    self.target = target
    switch target {
    case .memory:
      guard bodySizeBytes + UInt64(bytes.count) <= UInt64(clamping: plan.request.maximumResponseBytes) else {
        return refuseBody(limit: UInt64(clamping: plan.request.maximumResponseBytes))
      }
      unsafe body.append(contentsOf: bytes)
    case .file(let descriptor, let offset, let maximumBytes):
      guard bodySizeBytes + UInt64(bytes.count) <= maximumBytes else { return refuseBody(limit: maximumBytes) }
      let position = offset.map { $0 + Int64(clamping: bodySizeBytes) }
      let error = unsafe writeAll(bytes, to: descriptor, at: position)
      guard error == 0 else {
        failure = CurlError(
          .sinkFailed, "\(plan.request.url): can't write what came: \(unsafe String(cString: strerror(error)))",
          systemError: error)
        return 0
      }
    case .sink(let maximumBytes, let take):
      guard bodySizeBytes + UInt64(bytes.count) <= maximumBytes else { return refuseBody(limit: maximumBytes) }
      do throws(CurlError) {
        try take(unsafe bytes.bytes)
      } catch {
        failure = error
        return 0
      }
    }
    bodySizeBytes += UInt64(bytes.count)
    return bytes.count
  }

  func refuseBody(limit: UInt64) -> Int {
    failure = CurlError(.responseTooLarge, "\(plan.request.url): the response is larger than \(limit) bytes")
    return 0
  }

  func send(_ space: UnsafeMutableRawBufferPointer) -> Int {
    do throws(CurlError) {
      return try unsafe source.read(into: space)
    } catch {
      failure = error
      return xtblish_curl_read_abort()
    }
  }

  func reportProgress(_ progress: HTTPClient.Progress, isLast: Bool) {
    guard let onProgress = plan.request.onProgress else { return }
    let now = ContinuousClock.now
    if !isLast, let lastProgress, now - lastProgress < .milliseconds(100) { return }
    lastProgress = now
    onProgress(progress)
  }
}

/// - Returns: 0, or errno.
private func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, at position: Int64?) -> Int32 {
  var done = 0
  while done < bytes.count {
    let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[done...])
    let count =
      if let position {
        unsafe pwrite(descriptor, rest.baseAddress, rest.count, off_t(position) + off_t(done))
      } else {
        unsafe write(descriptor, rest.baseAddress, rest.count)
      }
    if count < 0 {
      if errno == EINTR { continue }
      return errno
    }
    done += count
  }
  return 0
}

extension StringProtocol {
  fileprivate var trimmed: String {
    var text = self[...]
    while let last = text.last, last.isWhitespace { text = text.dropLast() }
    return String(text.drop { $0.isWhitespace })
  }
}
