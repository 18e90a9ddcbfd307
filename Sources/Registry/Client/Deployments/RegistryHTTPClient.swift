import AdminHTTP
import Curl
import DeviceProtocol
import Foundation
package import Foundations
package import ServiceKit
import TextFormats

/// Asks the Registry over HTTP, for commands of other services: which device is meant, and what became of a version.
package struct RegistryHTTPClient: Sendable {
  private static let requestTimeout = Duration.seconds(10)

  private let registry: AdminHTTPClient

  /// - Parameter url: the Registry's base; nil for what the environment says.
  package init(
    url: String?, credentials: HTTPCredentials,
    environment: [String: String] = ProcessInfo.processInfo.environment
  ) throws {
    let named = environment["XTBLISH_REGISTRY_URL"].flatMap { $0.isEmpty ? nil : $0 }
    let usual = credentials.caFile == nil ? "http://127.0.0.1:7101" : "https://127.0.0.1:7101"
    registry = try AdminHTTPClient("the Registry", url: url ?? named ?? usual, credentials: credentials)
  }

  /// The device that a person names: by its ID, its name, or the beginning of either that no other device has.
  package func device(_ text: String) async throws -> DeviceID {
    if let id = DeviceID(text) { return id }
    struct List: Decodable {
      struct Device: Decodable {
        var id: DeviceID
        var name: String
      }
      var devices: [Device]
    }
    let query = PercentEncoding.query(text)
    let found = try await get(List.self, "/v1/devices?limit=10&reference=\(query)").devices
    if let device = found.first, found.count == 1 { return device.id }
    guard !found.isEmpty else {
      throw AdminError("no device has the name or ID \"\(text)\", nor one that begins so", status: .data)
    }
    let names = found.map { "  \($0.id)  \($0.name)" }.joined(separator: "\n")
    throw AdminError("\"\(text)\" may be any of these: give more of the name, or the ID\n\(names)", status: .data)
  }

  /// How far a device is with a `version`. `failedReason` says why the device did not keep it; nil: nothing failed.
  package struct Progress: Decodable, Sendable, Equatable {
    package var version: UInt64
    /// `assigned`, `notified`, `trial`, `confirmed`, `rolled-back` or `refused`.
    package var status: String
    package var failedReason: String?
    /// When the notification was sent; nil: not yet.
    package var notifiedAt: String?
    /// When the device began its trial; nil: not yet.
    package var trialAt: String?

    /// All stages that the version has been through, in order: a look now and then sees only some of them.
    var stages: [String] {
      var stages = [DeploymentStage.assigned]
      if notifiedAt != nil { stages.append(DeploymentStage.notified) }
      if trialAt != nil { stages.append(RunStatus.trial.rawValue) }
      return stages.filter { $0 != status } + [status]
    }
  }

  /// How far the device is with a version; nil if it has no such version (any more).
  package func progress(of device: DeviceID, version: UInt64) async throws -> Progress? {
    struct List: Decodable {
      var firmware: [Progress]
    }
    let page = try await get(List.self, "/v1/devices/\(device)/firmware?limit=1&cursor=\(version + 1)")
    return page.firmware.first { $0.version == version }
  }

  /// What the Registry says of the device itself: whether it is `online`, when something was last heard of it
  /// (`lastSeen`, RFC 3339; nil: never), and the version that it should run (`desired`; nil: none).
  package struct DeviceView: Decodable, Sendable, Equatable {
    /// A `version` of the device's firmware.
    package struct Reference: Decodable, Sendable, Equatable {
      package var version: UInt64
    }
    package var online: Bool
    package var lastSeen: String?
    package var desired: Reference?
  }

  /// What the Registry says of a device now.
  package func view(of device: DeviceID) async throws -> DeviceView {
    try await get(DeviceView.self, "/v1/devices/\(device)")
  }

  private func get<Document: Decodable>(_ type: Document.Type, _ path: String) async throws -> Document {
    let request = HTTPClient.Request("GET", registry.url + path, timeouts: .init(total: Self.requestTimeout))
    let response: HTTPClient.Response
    do {
      response = try await registry.send(request)
    } catch let error as AdminError where error.status == .unavailable {
      throw AdminError(
        "\(error.description.asClause); say where the Registry is with --registry or XTBLISH_REGISTRY_URL",
        status: error.status)
    }
    guard response.isSuccess else { throw registry.refusal(response) }
    guard let document = try? JSONCoding.decode(type, from: response.body) else {
      throw AdminError("\(registry.url) answered something else than a Registry does; check the URL")
    }
    return document
  }
}

/// Text in the query of a URL.
private enum PercentEncoding {
  static func query(_ text: String) -> String {
    text.utf8.map { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
        String(Unicode.Scalar(byte))
      default: "%" + Hexadecimal.encode([byte]).uppercased()
      }
    }.joined()
  }
}
