import Curl
import DeviceStorage
import Foundations
import Synchronization
import UpdateCore

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
