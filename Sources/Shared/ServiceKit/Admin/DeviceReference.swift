package import ArgumentParser
package import FoundationEssentials
import Foundations
package import Messaging
import SwiftProtobuf
import TextFormats
package import Wire

/// A device as a person names it, in `text`: by its ID, its name, or the beginning of either that no other device
/// has.
package struct DeviceReference: Sendable {
  /// How many are named to somebody who has to choose.
  private static let shownCandidates: UInt32 = 10

  package let text: String

  package init(_ text: String) { self.text = text }

  /// The ID, if the text is a whole one, with or without its hyphens: then nobody has to be asked.
  package var id: Data? {
    DeviceID(text.utf8.count == 32 ? hyphenated : text).map { Data($0.bytes) }
  }

  private var hyphenated: String {
    var result = ""
    for (place, character) in text.enumerated() {
      if [8, 12, 16, 20].contains(place) { result.append("-") }
      result.append(character)
    }
    return result
  }

  /// A device that was found: its `id`, the 16 bytes of it, and its name.
  package struct Found: Sendable {
    package let id: Data
    /// The device's name; empty if it has none, or if nobody had to be asked for it.
    package let name: String

    /// The ID as text.
    package var uuid: String { DeviceReference.uuid(id) }
    /// The names by which a person may confirm an action on it: its whole name and ID, not a beginning of them that
    /// was enough to find it.
    package var names: [String] { [name, uuid].filter { !$0.isEmpty } }
    /// The device as a sentence calls it.
    package var label: String { name.isEmpty ? uuid : "\(PlainText.escaped(name)) (\(uuid))" }
  }

  /// Asks the Registry which device is meant.
  ///
  /// - Throws: `AdminError` if it is none, or may be several.
  package func resolve(_ registry: any RPCCaller, deadline: Duration) async throws -> Data {
    if let id { return id }
    return try await find(registry, deadline: deadline).id
  }

  /// The same, with the device's name.
  package func find(_ registry: any RPCCaller, deadline: Duration) async throws -> Found {
    if let id { return Found(id: id, name: "") }
    guard !text.isEmpty else {
      throw AdminError("a device is named by its name, its ID, or the beginning of either; \"\" is none", status: .data)
    }
    let request = WireFindDevices.with {
      $0.text = text
      $0.limit = Self.shownCandidates
    }
    let found = try await registry.call(request, deadline: deadline)
    if let device = found.devices.first, found.devices.count == 1, !found.more {
      return Found(id: device.id, name: device.name)
    }
    let quoted = "\"\(PlainText.escaped(text, quote: true))\""
    guard !found.devices.isEmpty else {
      throw AdminError(
        "no device has the name or ID \(quoted), nor one that begins so: xtblish-registry devices list shows them all",
        status: .data)
    }
    let names = found.devices.map { "  \(Self.uuid($0.id))  \(PlainText.escaped($0.name))" }.joined(separator: "\n")
    throw AdminError(
      "\(quoted) may be any of these\(found.more ? " and more" : ""): give more of the name, or the ID\n\(names)",
      status: .data)
  }

  /// The text of an ID; empty for bytes that are no ID.
  package static func uuid(_ bytes: Data) -> String {
    DeviceID(bytes: bytes)?.description ?? ""
  }
}

extension AdminOptions {
  private static let registryEndpoints = "XTBLISH_REGISTRY_ENDPOINTS"

  /// The ID, as text, of a device that a person names to a command of another service than the Registry.
  package func deviceID(_ text: String) async throws -> String {
    let reference = DeviceReference(text)
    if let id = reference.id { return DeviceReference.uuid(id) }
    return try await device(text).uuid
  }

  /// The same, with the device's name.
  package func device(_ text: String) async throws -> DeviceReference.Found {
    let reference = DeviceReference(text)
    if let id = reference.id { return DeviceReference.Found(id: id, name: "") }
    return try await withRegistry { try await reference.find($0, deadline: deadline) }
  }

  /// Runs `body` with a client of one replica of another service than the command's own: for work of several requests
  /// of which the other replicas know nothing.
  ///
  /// - Parameters:
  ///   - endpoint: as the caller named it; nil for the first of the environment, else the usual one.
  package func withOneReplica<T: Sendable>(
    of name: String, role: BusRole, at endpoint: String?, usual: String, _ body: (any RPCCaller) async throws -> T
  ) async throws -> T {
    let variable = SettingName.environment(forKey: "\(name).endpoints")
    let text = endpoint ?? ProcessInfo.processInfo.environment[variable] ?? ""
    let endpoints: [String]
    do {
      endpoints = try SettingType.endpoints.parse(text.isEmpty ? usual : text)
    } catch {
      throw AdminError("\"\(text)\" is no endpoint: expected \(error.expected)", status: .configuration)
    }
    return try await withClient(
      name: name, role: role, endpoints: Array(endpoints.prefix(1)), advice: "say where it is with \(variable)", body)
  }

  /// Runs `body` with a client of the Registry, whatever service the command is of: `--endpoint` does not name it.
  func withRegistry<T: Sendable>(_ body: (any RPCCaller) async throws -> T) async throws -> T {
    let text = ProcessInfo.processInfo.environment[Self.registryEndpoints] ?? ""
    let endpoints: [String]
    do {
      endpoints = try SettingType.endpoints.parse(text.isEmpty ? "tcp://127.0.0.1:7102" : text)
    } catch {
      throw AdminError("\(Self.registryEndpoints) is \"\(text)\": expected \(error.expected)", status: .configuration)
    }
    return try await withClient(
      name: "registry", role: .registry, endpoints: endpoints,
      advice: "say where the Registry is with \(Self.registryEndpoints), or name the device by its whole ID", body)
  }
}

extension ArgumentHelp {
  /// The help of every argument that names a device.
  package static var device: ArgumentHelp { "The device: its name, its ID, or the beginning of either." }
}

/// Completes names of devices in a shell, by asking the Registry.
package enum DeviceCompletion {
  /// The completion of an argument or option that names a device.
  package static let kind = CompletionKind.custom { (_: [String], _: Int, prefix: String) async -> [String] in
    await candidates(prefix)
  }

  /// So many are offered at most.
  private static let limit: UInt32 = 100
  /// Somebody waits at a prompt.
  private static let deadline = Duration.seconds(2)

  /// Names that begin so; IDs where they do and no name does. Nothing if the Registry can't be asked.
  static func candidates(_ prefix: String) async -> [String] {
    guard let options = try? AdminOptions.parse([]) else { return [] }
    let request = WireFindDevices.with {
      $0.text = prefix
      $0.limit = limit
      $0.forCompletion = true
    }
    guard let found = try? await options.withRegistry({ try await $0.call(request, deadline: deadline) }) else {
      return []
    }
    return found.devices.map { device in
      // A name with a space, say, is more than one word for a shell.
      let isWord = !device.name.isEmpty && device.name.utf8.allSatisfy { isWordByte($0) }
      return device.name.hasPrefix(prefix) && isWord ? device.name : DeviceReference.uuid(device.id)
    }.filter { $0.hasPrefix(prefix.lowercased()) || $0.hasPrefix(prefix) }
  }

  private static func isWordByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."):
      true
    default: false
    }
  }
}
