package import Curl
import DeviceCredentials
import FirmwareImage
package import Foundations
import RootDocument
import Synchronization
package import UpdateCore

/// Looks whether there is something to a notification: reads the first 544 bytes of the announced image from whoever
/// has it. Nothing is written to the flash for it.
package struct HeadCheck: Sendable {
  /// What there is to a notification.
  package enum Outcome: Sendable, Equatable {
    case offered(FirmwareOffer, objection: String?)
    /// No server had the image this time. `isAbsent`: all servers that the enrolment named answered that they don't
    /// have it, so whoever announced it may have made it up.
    case failed(reason: String, isAbsent: Bool, retryAfter: Duration)
  }

  let hint: FirmwareNotification
  let urls: [String]
  let servers: ImageServers
  let storage: SlotStore
  let http: HTTPClient
  let policy: ImageDownload.Policy
  let trace: TraceContext?

  /// - Parameters:
  ///   - urls: where the image is said to be.
  ///   - trace: that the notification belongs to.
  package init(
    hint: FirmwareNotification, urls: [String], servers: ImageServers, storage: SlotStore, http: HTTPClient,
    policy: ImageDownload.Policy, trace: TraceContext? = nil
  ) {
    self.hint = hint
    self.urls = urls
    self.servers = servers
    self.storage = storage
    self.http = http
    self.policy = policy
    self.trace = trace
  }

  /// How long one server may take.
  private static let limit = Duration.seconds(30)
  private static let absences: Set<Int> = [404, 410]

  /// Asks every server once, until one has it.
  package func run() async -> Outcome {
    await TraceContext.$current.withValue(trace) { await askAll() }
  }

  private func askAll() async -> Outcome {
    var reasons: [String] = []
    var isAbsent = true
    let known = servers.urls(of: hint.version, first: [])
    var retryAfter = Duration.zero
    for url in servers.urls(of: hint.version, first: urls) {
      switch await ask(url) {
      case .offered(let offer, let objection):
        var offer = offer
        offer.url = url
        return .offered(offer, objection: objection)
      case .failed(let reason, let isAbsentThere, let wait):
        reasons.append(reason)
        if known.isEmpty || known.contains(url) { isAbsent = isAbsent && isAbsentThere }
        retryAfter = max(retryAfter, min(wait, policy.longestPause))
      }
    }
    if reasons.isEmpty { reasons = ["no server is known that this device may ask"] }
    return .failed(reason: reasons.joined(separator: "; "), isAbsent: isAbsent, retryAfter: retryAfter)
  }

  private func ask(_ url: String) async -> Outcome {
    let (outcome, hasNoRange) = await ask(url, headers: Self.range)
    // Somebody on the way knows no ranges: what it sends is cut short when the head is there.
    return hasNoRange ? await ask(url, headers: []).outcome : outcome
  }

  private static let range = [HTTPClient.Header("Range", "bytes=0-\(ImageHeader.byteCount - 1)")]

  private func ask(_ url: String, headers: [HTTPClient.Header]) async -> (outcome: Outcome, hasNoRange: Bool) {
    let head = HeadCollector()
    var timeouts = policy.timeouts
    timeouts.total = Self.limit
    let request = HTTPClient.Request(
      "GET", url, headers: headers + TraceContext.headers, timeouts: timeouts, maximumResponseBytes: 64 * 1024)
    do throws(CurlError) {
      let response = try await servers.download(request, with: http) { head.target(for: $0) }
      guard response.status == 200 || response.status == 206 else {
        let outcome = Outcome.failed(
          reason: "\(url) answered \(response.status)", isAbsent: Self.absences.contains(response.status),
          retryAfter: response.retryAfter)
        return (outcome, response.status == ImageDownload.rangeNotSatisfiable)
      }
    } catch {
      // A server that knows no ranges is cut short when the head is there.
      if head.bytes == nil, head.problem == nil {
        return (.failed(reason: error.message, isAbsent: false, retryAfter: .zero), false)
      }
    }
    if let problem = head.problem {
      return (.failed(reason: "\(url): \(problem)", isAbsent: false, retryAfter: .zero), false)
    }
    guard let bytes = head.bytes else {
      return (.failed(reason: "\(url): what the server has is no image", isAbsent: false, retryAfter: .zero), false)
    }
    return (await judge(bytes, totalBytes: head.totalBytes, url), false)
  }

  private func judge(_ bytes: [UInt8], totalBytes: UInt64?, _ url: String) async -> Outcome {
    let reason: String
    do {
      switch try await judgement(of: bytes) {
      case .offer(let offer, let objection):
        guard objection != nil || totalBytes == nil || totalBytes == offer.sizeBytes else {
          reason = "the server has \(totalBytes ?? 0) bytes, the image has \(offer.sizeBytes)"
          break
        }
        return .offered(offer, objection: objection)
      case .wrong(let text): reason = text
      }
    } catch let error as ImageFormatError {
      reason = "\(error.reason): \(error)"
    } catch let error as RootDocumentError {
      // The next document mends it, whenever it is published.
      reason = "\(error.reason): \(error)"
    } catch {
      reason = "\(error)"
    }
    return .failed(reason: "\(url): \(reason)", isAbsent: false, retryAfter: .zero)
  }

  /// Judges the bytes, and asks for newer root documents if what the device's trust lacks may be in them.
  private func judgement(of bytes: [UInt8]) async throws -> HeadJudgement {
    let known = storage.trust.rootDocumentVersion
    do {
      return try await storage.judge(
        head: bytes, of: hint, maximumImageBytes: policy.maximumImageBytes, isFinal: false)
    } catch  where DeviceTrust.mayBeOutdated(error) {
      let refreshed = await storage.trust.refresh()
      // Others may have asked for them at the same time.
      if storage.trust.rootDocumentVersion <= known, case .failed(let reason, _) = refreshed {
        throw RootDocumentsUnavailable(reason: reason)
      }
      return try await storage.judge(
        head: bytes, of: hint, maximumImageBytes: policy.maximumImageBytes, isFinal: true)
    }
  }
}

/// Nobody could be asked for newer root documents, which might say that an image is good.
struct RootDocumentsUnavailable: Error, CustomStringConvertible {
  var reason: String

  var description: String { "newer root documents can't be had, and may be needed for this image: \(reason)" }
}

/// Takes the first bytes of a body and lets go of the rest. Its closures run on the HTTP client's thread.
private final class HeadCollector: Sendable {
  private struct State {
    var bytes: [UInt8] = []
    var totalBytes: UInt64?
    var problem: String?
  }

  private let state = Mutex(State())

  /// The first 544 bytes; nil: fewer came.
  var bytes: [UInt8]? { state.withLock { $0.bytes.count == ImageHeader.byteCount ? $0.bytes : nil } }
  /// The size of the whole image, as the server says it.
  var totalBytes: UInt64? { state.withLock { $0.totalBytes } }
  var problem: String? { state.withLock { $0.problem } }

  func target(for head: HTTPClient.ResponseHead) -> HTTPClient.DownloadTarget {
    var total: UInt64?
    var problem = head.encodingObjection
    switch head.status {
    case 200: total = head["Content-Length"].flatMap { UInt64($0) }
    case 206:
      let range = ContentRange(head["Content-Range"])
      if range?.first != 0 { problem = problem ?? "the server sent another range than was asked for" }
      total = range?.total
    default: return .memory
    }
    state.withLock { $0 = State(totalBytes: total, problem: problem) }
    return .sink(maximumBytes: .max) { [self] piece throws(CurlError) in
      if take(piece) { throw CurlError(.other, "the head is there, and no more is needed") }
    }
  }

  /// - Returns: whether the rest is of no use.
  private func take(_ piece: RawSpan) -> Bool {
    state.withLock { state in
      let room = min(ImageHeader.byteCount - state.bytes.count, piece.byteCount)
      piece.withUnsafeBytes { state.bytes.append(contentsOf: $0.prefix(room)) }
      return state.problem != nil || piece.byteCount > room
    }
  }
}
