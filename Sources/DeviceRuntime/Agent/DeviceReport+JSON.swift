import DeviceProtocol
import FoundationEssentials
import Foundations
import TextFormats
import UpdateCore

extension DeviceReport {
  /// - Parameters:
  ///   - position: its sequence is higher than that of every report before it of the same epoch, over restarts too.
  ///   - supersedes: what the Registry holds in its place, as it said.
  ///   - run: the name of this process of the agent: two that take turns are two machines with one identity.
  ///   - timing: how long the way to what runs took.
  func json(
    at position: StateMessage.Position, supersedes: StateMessage.Position? = nil, run: String? = nil,
    timing: DeploymentTimingMessage? = nil
  ) throws -> [UInt8] {
    let message = StateMessage(
      sequence: position.sequence, epoch: position.epoch, supersedes: supersedes, version: version,
      digest: digest?.description ?? "", slot: slot?.name ?? "", status: status.rawValue, reason: reason,
      failed: failed.map { .init(version: $0.version, digest: $0.digest.description) },
      switchGapNanoseconds: switchGapNanoseconds,
      waiting: waiting.map {
        .init(version: $0.version, reason: $0.reason, since: $0.since.nanoseconds / 1_000_000_000)
      },
      run: run, timing: timing)
    return Array(try JSONCoding.encoder().encode(message))
  }
}
