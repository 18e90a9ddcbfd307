import Curl
import DeviceStorage
import Foundations
import Logging
import Synchronization
import UpdateCore

/// One request to one server.
extension ImageDownload {
  enum FetchOutcome: Sendable, Equatable {
    /// As many bytes as announced are in the file.
    case complete
    /// Or the server answered with something else, which passes.
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
    if resume.offset == offer.sizeBytes { return .complete }
    let (outcome, hasNoRange) = await fetch(url, from: resume)
    // Somebody on the way knows no ranges, or the server has something else: all of it may be had.
    return hasNoRange && resume.offset > 0 ? await fetch(url, from: ResumePoint(offset: 0)).outcome : outcome
  }

  private func fetch(_ url: String, from resume: ResumePoint) async -> (outcome: FetchOutcome, hasNoRange: Bool) {
    var headers: [HTTPClient.Header] = []
    if resume.offset > 0 {
      headers = [HTTPClient.Header("Range", "bytes=\(resume.offset)-")]
      if let entityTag = resume.entityTag { headers.append(HTTPClient.Header("If-Range", entityTag)) }
    }
    let request = HTTPClient.Request(
      "GET", url, headers: headers, timeouts: policy.timeouts, maximumResponseBytes: 64 * 1024)
    let writer = DownloadWriter(
      flash: storage.flash, slot: slot, offer: offer, resume: resume, figures: figures)
    do throws(CurlError) {
      let response = try await servers.download(request, with: http) { head in writer.target(for: head) }
      let outcome = outcome(of: response, url, problem: writer.problem)
      if writer.problem == nil, response.status == 200 || response.status == 206, outcome != .complete {
        // The server meant to end there, so that this was no part of the image.
        try? storage.flash.remove(SlotFiles(slot).download)
        figures.reach(0)
      }
      return (outcome, response.status == Self.rangeNotSatisfiable)
    } catch {
      guard let problem = writer.problem else { return (outcome(of: error), false) }
      return (.failed(reason: "\(url): \(problem)", retryAfter: .zero), writer.hasNoRange)
    }
  }

  static let rangeNotSatisfiable = 416

  private func outcome(of response: HTTPClient.Response, _ url: String, problem: String?) -> FetchOutcome {
    if let problem { return .failed(reason: "\(url): \(problem)", retryAfter: .zero) }
    switch response.status {
    case 200, 206:
      // The length was checked against the offer when the head came, and libcurl checks the body against it.
      return figures.bytesDone == offer.sizeBytes
        ? .complete
        : .failed(
          reason: "\(url): the server ended after \(figures.bytesDone) of \(offer.sizeBytes) bytes", retryAfter: .zero)
    default:
      return .failed(reason: "\(url) answered \(response.status)", retryAfter: response.retryAfter)
    }
  }

  private func outcome(of error: CurlError) -> FetchOutcome {
    switch error.code {
    case .sinkFailed: .hindered(reason: error.message)
    default: .failed(reason: error.message, retryAfter: .zero)
    }
  }
}

/// Puts the body of one response into a slot's download file. Its closures run on the HTTP client's thread.
final class DownloadWriter: Sendable {
  private let flash: any Flash
  private let slot: Slot
  private let offer: FirmwareOffer
  private let resume: ResumePoint
  private let figures: TransferFigures
  private let state = Mutex(State())

  private struct State {
    var offset: UInt64 = 0
    /// Why a success can't be the image.
    var problem: String?
    var hasNoRange = false
  }

  init(
    flash: any Flash, slot: Slot, offer: FirmwareOffer, resume: ResumePoint, figures: TransferFigures
  ) {
    self.flash = flash
    self.slot = slot
    self.offer = offer
    self.resume = resume
    self.figures = figures
  }

  /// Why a success can't be the image; nil if it can.
  var problem: String? { state.withLock { $0.problem } }
  /// The server does not give this part of anything.
  var hasNoRange: Bool { state.withLock { $0.hasNoRange } }

  func target(for head: HTTPClient.ResponseHead) -> HTTPClient.DownloadTarget {
    if head.status == 200 || head.status == 206, let objection = head.encodingObjection { return reject(objection) }
    switch head.status {
    case 200: return begin(head, at: 0)
    case 206:
      guard let range = ContentRange(head["Content-Range"]), range.first == resume.offset,
        range.total == nil || range.total == offer.sizeBytes
      else { return reject("the server sent another range than was asked for") }
      return begin(head, at: resume.offset)
    case ImageDownload.rangeNotSatisfiable:
      state.withLock { $0.hasNoRange = true }
      return reject("the server has no such range")
    default:
      return .memory
    }
  }

  private func begin(_ head: HTTPClient.ResponseHead, at offset: UInt64) -> HTTPClient.DownloadTarget {
    let rest = offer.sizeBytes - offset
    if let length = head["Content-Length"].flatMap({ UInt64($0) }), length != rest {
      return reject("the server sends \(length) bytes where \(rest) are missing")
    }
    let flash = flash
    let name = SlotFiles(slot).download
    do {
      if offset == 0 {
        try flash.remove(name)
        let tag = head["ETag"].flatMap { $0.hasPrefix("W/") || $0.utf8.count > 256 ? nil : $0 }
        try PendingDownload(offer: offer, entityTag: tag).save(to: flash, slot: slot)
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
          ? "no space for the image: \(error); make room on the device's flash"
          : "the flash fails: \(error)")
    }
    let reached = offset + UInt64(bytes.byteCount)
    state.withLock { $0.offset = reached }
    figures.reach(reached)
  }

  /// What is here already stays: the next answer may be the right one.
  private func reject(_ problem: String) -> HTTPClient.DownloadTarget {
    state.withLock { $0.problem = problem }
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
