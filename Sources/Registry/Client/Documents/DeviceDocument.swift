import FirmwareImage
import RegistryDomain
import ServiceKit

/// A device as JSON, over HTTP and in the output of commands: its `id` (a UUID), `name`, `tags` and `serial` number
/// (empty if nobody said one), when it was made (`createdAt`), and the `revision` that grows with each change of name
/// or tags.
///
/// `state` is a ``DeploymentState`` and `health` a ``DeviceHealth``; `online` is whether it was heard of lately, and
/// `lastSeen` when it last was, left out if never. `desired` is the version that it should run, left out if nothing
/// was ever assigned, and `reported` what it says that it runs, left out until it says so. Times are in ISO 8601 and
/// UTC.
package struct DeviceDocument: Codable, Sendable, Equatable {
  /// A `version` of a device's firmware, and the `digest` of its wasm: `sha256:` and 64 hexadecimal digits.
  package struct Reference: Codable, Sendable, Equatable {
    /// The version that runs; 0, with an empty digest, if nothing does.
    package var version: UInt64
    package var digest: String
  }

  /// What the device last said that it runs: the `digest` of the version's wasm, the `slot` that it is in (`A` or
  /// `B`, empty if nothing runs), its `status` with the `reason` in the device's words, and when the Registry first
  /// heard it (`at`).
  package struct Reported: Codable, Sendable, Equatable {
    /// 0 with an empty digest: nothing runs.
    package var version: UInt64
    package var digest: String
    package var slot: String
    package var status: String
    package var reason: String
    package var at: String
    /// The version that was tried and not kept, until it runs after all.
    package var failed: Reference?
    /// Why `failed` was not kept, in the device's words.
    package var failedReason: String?
    /// For how long no app handled events at the last switch; left out if that was not measured.
    package var switchGapNanoseconds: UInt64?
  }

  /// What keeps the device from running what it should: the `reason`, for people, and since when (`since`), left out
  /// if nobody knows.
  package struct Waiting: Codable, Sendable, Equatable {
    /// The version that it waits to run; left out if it is not about one.
    package var version: UInt64?
    package var reason: String
    package var since: String?
  }

  /// The `name` and `version` of an app, as its publisher says.
  package struct App: Codable, Sendable, Equatable {
    package var name: String
    package var version: String
  }

  package var id: String
  package var name: String
  package var tags: [String]
  package var serial: String
  package var revision: Int64
  package var state: String
  package var health: String
  /// What speaks against its health; left out if nothing does.
  package var healthReason: String?
  package var online: Bool
  package var lastSeen: String?
  package var createdAt: String
  package var desired: Reference?
  package var reported: Reported?
  /// Why what the device says it runs does not fit what it was given: `unknown-version` or `ahead`; left out if it
  /// fits.
  package var divergence: String?
  /// Why the device does not run what it should; left out if it does.
  package var waiting: Waiting?
  /// The app that runs, if its version was assigned by this Registry.
  package var app: App?
  /// When two machines last spoke with the device's identity; left out if none did within a day.
  package var clonedAt: String?
}
