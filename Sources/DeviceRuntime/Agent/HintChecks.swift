import Curl
import DeviceImages
import FirmwareImage
import Foundations
import UpdateCore

/// The notifications that may matter and are looked into: each until there is an offer behind it, or until it has to
/// give way. Few, side by side, and forgotten at the end of the agent, so that no number of wrong ones keeps a right one
/// from being heard.
actor HintChecks {
  private struct Entry {
    /// Tells this check from an earlier one of the same version.
    var id: UInt64
    var hint: FirmwareNotification
    /// Where the image was said to be.
    var urls: [String]
    var failures = 0
    var absences = 0
    var task: Task<Void, Never>?
  }

  static let maximumHints = 8
  /// So many of the highest versions don't give way to lower ones, which only come late.
  static let keptVersions = 4
  private static let maximumURLs = 4
  /// When all servers have said so often that they have no such version, the hint is dropped: whoever meant it says it
  /// again.
  private static let maximumAbsences = 10

  private let make: @Sendable (FirmwareNotification, [String]) -> HeadCheck
  private let policy: ImageDownload.Policy
  private let onOffer: @Sendable (FirmwareOffer, String?) async -> Void
  private let onHindrance: @Sendable (_ version: UInt64, _ reason: String?) async -> Void
  private var entries: [UInt64: Entry] = [:]
  private var lastID: UInt64 = 0

  /// - Parameters:
  ///   - onOffer: an offer, and why this device can't run it.
  ///   - onHindrance: why there is none yet; nil: the hint is settled or was dropped.
  init(
    policy: ImageDownload.Policy, make: @escaping @Sendable (FirmwareNotification, [String]) -> HeadCheck,
    onOffer: @escaping @Sendable (FirmwareOffer, String?) async -> Void,
    onHindrance: @escaping @Sendable (_ version: UInt64, _ reason: String?) async -> Void
  ) {
    self.policy = policy
    self.make = make
    self.onOffer = onOffer
    self.onHindrance = onHindrance
  }

  /// Looks into the hint, for which another one may have to give way.
  func add(_ hint: FirmwareNotification) async {
    if var known = entries[hint.version] {
      known.hint = hint
      if !known.urls.contains(hint.url) { known.urls = Array(([hint.url] + known.urls).prefix(Self.maximumURLs)) }
      entries[hint.version] = known
      return
    }
    while entries.count >= Self.maximumHints { await drop(leastPromising) }
    lastID += 1
    let id = lastID
    let version = hint.version
    entries[version] = Entry(id: id, hint: hint, urls: [hint.url])
    entries[version]?.task = Task { await self.check(version, id: id) }
  }

  /// Called for a new connection: drops what no server has, as it is told again if it was meant.
  func forgetAbsent() async {
    for version in entries.filter({ $0.value.absences > 0 }).keys { await drop(version) }
  }

  func stop() async {
    let tasks = entries.values.compactMap(\.task)
    entries = [:]
    for task in tasks { task.cancel() }
    for task in tasks { await task.value }
  }

  /// The check to give up for another. Versions only grow, so the highest ones stay, unless the servers said that they
  /// don't have them. Of the others the one that was in vain most often goes, and of those the oldest.
  private var leastPromising: UInt64 {
    let kept = entries.values.filter { $0.absences == 0 }.map(\.hint.version).sorted().suffix(Self.keptVersions)
    return entries.filter { !kept.contains($0.key) }
      .max { ($0.value.failures, -Int64($0.value.id)) < ($1.value.failures, -Int64($1.value.id)) }?.key ?? 0
  }

  private func drop(_ version: UInt64) async {
    guard let entry = entries.removeValue(forKey: version) else { return }
    entry.task?.cancel()
    await onHindrance(version, nil)
  }

  private func check(_ version: UInt64, id: UInt64) async {
    var backoff = RetryBackoff(first: policy.firstPause, longest: policy.longestPause)
    while !Task.isCancelled, let entry = entries[version], entry.id == id {
      let outcome = await make(entry.hint, entry.urls).run()
      guard !Task.isCancelled, entries[version]?.id == id else { return }
      switch outcome {
      case .offered(let offer, let objection):
        entries[version] = nil
        await onOffer(offer, objection)
        await onHindrance(version, nil)
        return
      case .failed(let reason, let isAbsent, let retryAfter):
        entries[version]?.failures += 1
        if isAbsent { entries[version]?.absences += 1 }
        await onHindrance(version, reason)
        guard entries[version]?.id == id else {
          // Dropped while that was told: whoever heard it last must not take it for what still holds.
          if entries[version] == nil { await onHindrance(version, nil) }
          return
        }
        if let count = entries[version]?.absences, count >= Self.maximumAbsences {
          await drop(version)
          return
        }
        do { try await Task.sleep(for: max(retryAfter, backoff.next())) } catch { return }
      }
    }
  }
}
