internal import Curl
internal import Logging
internal import Synchronization

/// One request to one server.
extension ImageDownload {
  enum FetchOutcome: Sendable, Equatable {
    /// As many bytes as announced are in the file.
    case complete
    /// The server has something else under this version.
    case wrong(reason: String)
    case failed(reason: String, retryAfter: Duration)
    /// The device's own flash failed.
    case hindered(reason: String)
  }

  func fetch(_ url: String) async -> FetchOutcome {
    let resume: ResumePoint
    do {
      resume = try await storage.resumePoint(in: slot)
    } catch {
      return .hindered(reason: "the flash fails: \(error)")
    }
    if resume.offset == notification.sizeBytes { return .complete }
    var headers: [HTTPClient.Header] = []
    if let entityTag = resume.entityTag, resume.offset > 0 {
      headers = [HTTPClient.Header("Range", "bytes=\(resume.offset)-"), HTTPClient.Header("If-Range", entityTag)]
    }
    let request = HTTPClient.Request(
      "GET", url, headers: headers, timeouts: policy.timeouts, maximumResponseBytes: 64 * 1024)
    let writer = DownloadWriter(
      flash: storage.flash, slot: slot, notification: notification, resume: resume, figures: figures)
    do throws(CurlError) {
      let response = try await http.download(request) { head in writer.target(for: head) }
      return outcome(of: response, problem: writer.problem)
    } catch {
      return writer.problem?.outcome ?? outcome(of: error)
    }
  }

  private func outcome(of response: HTTPClient.Response, problem: DownloadWriter.Problem?) -> FetchOutcome {
    if let problem { return problem.outcome }
    switch response.status {
    case 200, 206:
      // The length was checked against the announcement when the head came, and libcurl checks the body against it.
      return figures.bytesDone == notification.sizeBytes
        ? .complete
        : .failed(
          reason: "the server ended after \(figures.bytesDone) of \(notification.sizeBytes) bytes", retryAfter: .zero)
    default:
      let retryAfter = response["Retry-After"].flatMap { Int($0) }.map { Duration.seconds(max(0, $0)) } ?? .zero
      return .failed(reason: "the server answered \(response.status)", retryAfter: retryAfter)
    }
  }

  private func outcome(of error: CurlError) -> FetchOutcome {
    switch error.code {
    case .sinkFailed: .hindered(reason: error.message)
    default: .failed(reason: error.message, retryAfter: .zero)
    }
  }
}

/// Where a download goes on.
struct ResumePoint: Sendable, Equatable {
  var offset: UInt64
  var entityTag: String?
}

/// Puts the body of one response into a slot's download file. Its closures run on the HTTP client's thread.
final class DownloadWriter: Sendable {
  private let flash: any Flash
  private let slot: Slot
  private let notification: FirmwareNotification
  private let resume: ResumePoint
  private let figures: TransferFigures
  private let state = Mutex(State())

  /// A success that can't be the image.
  enum Problem: Sendable, Equatable {
    case wrongLength(String)
    case wrongRange(String)

    var outcome: ImageDownload.FetchOutcome {
      switch self {
      case .wrongLength(let reason): .wrong(reason: reason)
      case .wrongRange(let reason): .failed(reason: reason, retryAfter: .zero)
      }
    }
  }

  private struct State {
    var offset: UInt64 = 0
    var problem: Problem?
  }

  init(
    flash: any Flash, slot: Slot, notification: FirmwareNotification, resume: ResumePoint, figures: TransferFigures
  ) {
    self.flash = flash
    self.slot = slot
    self.notification = notification
    self.resume = resume
    self.figures = figures
  }

  var problem: Problem? { state.withLock { $0.problem } }

  func target(for head: HTTPClient.ResponseHead) -> HTTPClient.DownloadTarget {
    switch head.status {
    case 200: return begin(head, at: 0)
    case 206:
      guard let range = ContentRange(head["Content-Range"]), range.first == resume.offset,
        range.total == nil || range.total == notification.sizeBytes
      else { return reject(.wrongRange("the server sent another range than was asked for")) }
      return begin(head, at: resume.offset)
    case 416:
      // What is here is not the start of what the server has.
      return reject(.wrongRange("the server has no such range"))
    default:
      return .memory
    }
  }

  private func begin(_ head: HTTPClient.ResponseHead, at offset: UInt64) -> HTTPClient.DownloadTarget {
    let rest = notification.sizeBytes - offset
    if let length = head["Content-Length"].flatMap({ UInt64($0) }), length != rest {
      let reason = "the server has \(offset + length) bytes, announced were \(notification.sizeBytes)"
      return reject(offset == 0 ? .wrongLength(reason) : .wrongRange(reason))
    }
    let flash = flash
    let name = SlotFiles(slot).download
    do {
      if offset == 0 {
        try flash.remove(name)
        let tag = head["ETag"].flatMap { $0.hasPrefix("W/") || $0.utf8.count > 256 ? nil : $0 }
        try PendingDownload(notification: notification, entityTag: tag).save(to: flash, slot: slot)
      }
    } catch {
      return .sink(maximumBytes: rest) { _ throws(CurlError) in
        throw CurlError(.sinkFailed, "the flash fails: \(error)")
      }
    }
    state.withLock { $0.offset = offset }
    figures.reach(offset)
    return .sink(maximumBytes: rest) { [self] bytes throws(CurlError) in try write(bytes, to: name) }
  }

  private func write(_ bytes: RawSpan, to name: String) throws(CurlError) {
    let offset = state.withLock { $0.offset }
    do throws(FlashError) {
      try flash.write(bytes, to: name, at: offset)
    } catch {
      throw CurlError(
        .sinkFailed,
        error.kind == .noSpace
          ? "no space for the image: \(error). Make room on the device's flash."
          : "the flash fails: \(error)")
    }
    let reached = offset + UInt64(bytes.byteCount)
    state.withLock { $0.offset = reached }
    figures.reach(reached)
  }

  private func reject(_ problem: Problem) -> HTTPClient.DownloadTarget {
    state.withLock { $0.problem = problem }
    // What is here doesn't fit what the server has: the next attempt starts over.
    try? flash.remove(SlotFiles(slot).download)
    figures.reach(0)
    return .sink(maximumBytes: 64 * 1024) { _ throws(CurlError) in throw CurlError(.other, "the body is of no use") }
  }
}

/// `Content-Range: bytes 5-9/10` of RFC 9110, section 14.4.
struct ContentRange: Sendable, Equatable {
  var first: UInt64
  var last: UInt64
  /// nil: unknown to the server (`*`).
  var total: UInt64?

  init?(_ text: String?) {
    guard let text, text.hasPrefix("bytes ") else { return nil }
    let parts = text.dropFirst("bytes ".count).split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2 else { return nil }
    let bounds = parts[0].split(separator: "-", omittingEmptySubsequences: false)
    guard bounds.count == 2, let first = UInt64(bounds[0]), let last = UInt64(bounds[1]), first <= last else {
      return nil
    }
    self.first = first
    self.last = last
    total = UInt64(parts[1])
    if total == nil, parts[1] != "*" { return nil }
  }
}
