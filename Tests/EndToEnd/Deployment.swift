import Foundation
import TestSupport

/// What the image store answered to a POST.
struct Deployment: Codable, Sendable {
  let device: String
  let version: UInt64
  let digest: String
  let size: UInt64
}

/// What the Registry tells of a device; the part of it that these tests look at.
struct DeviceState: Codable, Sendable {
  struct Desired: Codable, Sendable {
    let version: UInt64
    let digest: String
  }
  struct Reported: Codable, Sendable {
    let version: UInt64
    let digest: String
    let status: String
  }
  let id: String
  let desired: Desired?
  let reported: Reported?
}

struct FirmwarePage: Codable, Sendable {
  struct Entry: Codable, Sendable {
    let version: UInt64
    let digest: String
  }
  let firmware: [Entry]
}

extension Stack {
  /// curl with the stack's authority and the administrator's token.
  func curl(_ arguments: [String]) async throws -> CommandResult {
    try await command("curl", ["--config", value("XTBLISH_CURL_CONFIG")] + arguments)
  }

  /// One POST with curl. nil when it was not acknowledged: refused, cut off, or no answer.
  func tryToDeploy(
    _ app: App, to device: String, store: String? = nil, key: String? = nil
  ) async throws -> Deployment? {
    let base = try store ?? value("XTBLISH_IMAGE_STORE_URL")
    var arguments = ["--silent", "--max-time", "30", "--write-out", "\n%{http_code}", "--data-binary", "@\(app.path)"]
    if let key { arguments += ["--header", "Idempotency-Key: \(key)"] }
    let result = try await curl(arguments + ["\(base)/firmware/\(device)"])
    let lines = result.output.split(separator: "\n", omittingEmptySubsequences: false)
    guard result.status == 0, lines.last == "201" else { return nil }
    return try JSONDecoder().decode(Deployment.self, from: Data(lines.dropLast().joined(separator: "\n").utf8))
  }

  /// A deployment as a careful client makes it: the same key until it is acknowledged.
  func deploy(_ app: App, to device: String, stores: [String]? = nil) async throws -> Deployment {
    let key = UUID().uuidString
    let bases = try stores ?? [value("XTBLISH_IMAGE_STORE_URL")]
    var attempt = 0
    return try await eventuallySome("a deployment to \(device)") {
      defer { attempt += 1 }
      return try await tryToDeploy(app, to: device, store: bases[attempt % bases.count], key: key)
    }
  }

  func state(of device: String) async throws -> DeviceState? {
    for base in try value("XTBLISH_REGISTRY_URLS").split(separator: ",") {
      let result = try await curl(["--silent", "--fail", "--max-time", "5", "\(base)/v1/devices/\(device)"])
      if result.status == 0 { return try JSONDecoder().decode(DeviceState.self, from: Data(result.output.utf8)) }
    }
    return nil
  }

  /// Waits until the Registry knows from the device itself that it runs the version, confirmed.
  func waitUntilRuns(_ deployment: Deployment, within limit: Duration = patience) async throws {
    try await eventually(within: limit, "device \(deployment.device) running version \(deployment.version)") {
      let reported = try await state(of: deployment.device)?.reported
      return reported?.version == deployment.version && reported?.digest == deployment.digest
        && reported?.status == "confirmed"
    }
  }

  /// All versions of a device as the Registry lists them, oldest first.
  func firmware(of device: String) async throws -> [FirmwarePage.Entry] {
    let result = try await curl(
      ["--silent", "--fail", "\(value("XTBLISH_REGISTRY_URL"))/v1/devices/\(device)/firmware?limit=500"])
    guard result.status == 0 else { throw TestFailure("curl ended with \(result.status): \(result.errors)") }
    return try JSONDecoder().decode(FirmwarePage.self, from: Data(result.output.utf8)).firmware.sorted {
      $0.version < $1.version
    }
  }
}
