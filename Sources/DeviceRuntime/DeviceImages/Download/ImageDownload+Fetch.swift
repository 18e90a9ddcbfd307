import Curl
import DeviceStorage
import Foundations
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
    var headers = TraceContext.headers
    if resume.offset > 0 {
      headers.append(HTTPClient.Header("Range", "bytes=\(resume.offset)-"))
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
