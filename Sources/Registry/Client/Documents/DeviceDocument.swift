import FirmwareImage
import RegistryDomain
import ServiceKit

/// A device as JSON, over HTTP and in the output of commands.
package struct DeviceDocument: Codable, Sendable, Equatable {
  package struct Reference: Codable, Sendable, Equatable {
    package var version: UInt64
    package var digest: String
  }

  package struct Reported: Codable, Sendable, Equatable {
    /// 0 with an empty digest: nothing runs.
    package var version: UInt64
    package var digest: String
    package var slot: String
    package var status: String
    package var reason: String
    package var at: String
    package var failed: Reference?
    /// Why that was not kept, in the device's words.
    package var failedReason: String?
    /// How long no app handled events at the last switch, if that was measured.
    package var switchGapNanoseconds: UInt64?
  }

  package struct Waiting: Codable, Sendable, Equatable {
    /// Left out if it is not about one.
    package var version: UInt64?
    package var reason: String
    package var since: String?
  }

  /// What an app says of itself.
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
  /// What speaks against it, if anything does.
  package var healthReason: String?
  package var online: Bool
  package var lastSeen: String?
  package var createdAt: String
  package var desired: Reference?
  package var reported: Reported?
  /// Why what it says it runs does not fit what it was given, if it does not: `unknown-version` or `ahead`.
  package var divergence: String?
  /// Why it does not run what it should, if it doesn't.
  package var waiting: Waiting?
  /// The one that runs, if it was ever assigned here.
  package var app: App?
  /// When two machines last spoke with its identity.
  package var clonedAt: String?
}
