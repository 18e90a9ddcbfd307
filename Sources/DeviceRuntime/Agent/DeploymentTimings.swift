import DeviceProtocol
import Foundations
import Synchronization
import UpdateCore

/// What is known of the ways of the newest versions to this device: the trace that each belongs to, and how long each step
/// took. In memory alone: of what ran when the agent started it knows nothing.
final class DeploymentTimings: Sendable {
  typealias Moment = any WritableKeyPath<DeploymentTimingMessage, UInt64?> & Sendable

  private struct Entry {
    /// Monotonic.
    var arrivedNanoseconds: UInt64
    /// The part of the trace that the device's work is.
    var trace: TraceContext?
    var message: DeploymentTimingMessage
    /// All of it was told.
    var isSettled = false
  }

  /// A device is told of few versions at a time; of more, the highest count.
  static let maximumVersions = 8

  private let entries = Mutex<[UInt64: Entry]>([:])

  /// A notification of the version arrived. What counts is the one that something was done for.
  ///
  /// - Parameter trace: what came with it.
  func noteArrival(
    of version: UInt64, in trace: TraceContext?, at nanoseconds: UInt64 = KernelClock.monotonicNanoseconds()
  ) {
    entries.withLock { entries in
      guard entries[version]?.message.headChecked == nil else { return }
      var message = DeploymentTimingMessage(version: version)
      message.parentSpan = trace?.spanID
      entries[version] = Entry(arrivedNanoseconds: nanoseconds, trace: trace?.child(), message: message)
      while entries.count > Self.maximumVersions, let lowest = entries.keys.min() { entries[lowest] = nil }
    }
  }

  /// Notes that a step towards the version is done, the first time.
  func note(_ moment: Moment, of version: UInt64, at nanoseconds: UInt64 = KernelClock.monotonicNanoseconds()) {
    entries.withLock { entries in
      guard let entry = entries[version], entry.message[keyPath: moment] == nil else { return }
      entries[version]?.message[keyPath: moment] = Self.microseconds(entry, nanoseconds)
    }
  }

  /// Begins the download anew: what came of an earlier one was of no use.
  func noteDownload(of offer: FirmwareOffer, at nanoseconds: UInt64 = KernelClock.monotonicNanoseconds()) {
    entries.withLock { entries in
      guard let entry = entries[offer.version] else { return }
      var message = entry.message
      message.imageBytes = offer.sizeBytes
      message.downloadBegun = Self.microseconds(entry, nanoseconds)
      (message.downloaded, message.verified, message.staged) = (nil, nil, nil)
      entries[offer.version]?.message = message
    }
  }

  /// The part of a trace that the device's work for the version is; nil: it belongs to none.
  func trace(of version: UInt64) -> TraceContext? { entries.withLock { $0[version]?.trace } }

  /// What a report says that is made now.
  func message(of version: UInt64, at nanoseconds: UInt64 = KernelClock.monotonicNanoseconds())
    -> DeploymentTimingMessage?
  {
    entries.withLock { entries in
      guard let entry = entries[version], !entry.isSettled else { return nil }
      var message = entry.message
      message.reported = Self.microseconds(entry, nanoseconds)
      return message
    }
  }

  /// The report that the version is confirmed was acknowledged: reports say no more of the way. The trace stays, for what
  /// else is to be said of the version.
  func settle(_ version: UInt64) {
    entries.withLock { $0[version]?.isSettled = true }
  }

  private static func microseconds(_ entry: Entry, _ nanoseconds: UInt64) -> UInt64 {
    nanoseconds > entry.arrivedNanoseconds ? (nanoseconds - entry.arrivedNanoseconds) / 1_000 : 0
  }
}
