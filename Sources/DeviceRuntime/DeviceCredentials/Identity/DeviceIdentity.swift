package import DeviceStorage
import FoundationEssentials
package import Foundations
import TextFormats

/// What a device learnt when it enrolled, kept in `identity.json`: its ID in `device`, its `name`, the `serial` number
/// that it enrolled with, and where the broker is (`mqttHost`, `mqttPort`).
package struct DeviceIdentity: Sendable, Equatable, Codable {
  package var device: DeviceID
  package var name: String
  package var serial: String
  package var mqttHost: String
  package var mqttPort: UInt16
  /// Base URLs of the image stores.
  package var imageStoreURLs: [String]
  /// The base URL where it enrolled.
  package var provisionerURL: String
  /// Base URLs of where it renews its certificate, reports its fuses and finds root documents.
  package var provisionerURLs: [String]
  /// The device has neither key nor certificate, and takes images that nobody signed.
  package var isPlain: Bool
  /// How often to state what runs; nil: the agent's own choice.
  package var heartbeatSeconds: UInt32?

  private enum CodingKeys: String, CodingKey {
    case device = "id"
    case name, serial, mqttHost, mqttPort, imageStoreURLs, provisionerURL, provisionerURLs, heartbeatSeconds
    case isPlain = "plain"
  }

  package init(
    device: DeviceID, name: String, serial: String, mqttHost: String, mqttPort: UInt16, imageStoreURLs: [String],
    provisionerURL: String, provisionerURLs: [String] = [], heartbeatSeconds: UInt32? = nil, isPlain: Bool = false
  ) {
    self.device = device
    self.name = name
    self.serial = serial
    self.mqttHost = mqttHost
    self.mqttPort = mqttPort
    self.imageStoreURLs = imageStoreURLs
    self.provisionerURL = provisionerURL
    self.provisionerURLs = provisionerURLs
    self.isPlain = isPlain
    self.heartbeatSeconds = heartbeatSeconds
  }
}

extension DeviceIdentity {
  static let fileName = "identity.json"
  private static let maximumBytes = 64 * 1024

  package init(from decoder: any Decoder) throws {
    let fields = try decoder.container(keyedBy: CodingKeys.self)
    self.init(
      device: try fields.decode(DeviceID.self, forKey: .device), name: try fields.decode(String.self, forKey: .name),
      serial: try fields.decode(String.self, forKey: .serial),
      mqttHost: try fields.decode(String.self, forKey: .mqttHost),
      mqttPort: try fields.decode(UInt16.self, forKey: .mqttPort),
      imageStoreURLs: try fields.decode([String].self, forKey: .imageStoreURLs),
      provisionerURL: try fields.decode(String.self, forKey: .provisionerURL),
      provisionerURLs: try fields.decodeIfPresent([String].self, forKey: .provisionerURLs) ?? [],
      heartbeatSeconds: try fields.decodeIfPresent(UInt32.self, forKey: .heartbeatSeconds),
      isPlain: try fields.decodeIfPresent(Bool.self, forKey: .isPlain) ?? false)
  }

  /// Reads the identity.
  ///
  /// - Parameter directory: for the message only.
  /// - Throws: ``IdentityError`` if the device has not enrolled, or its file can't be used.
  package static func load(from flash: any Flash, directory: String) throws -> DeviceIdentity {
    guard let bytes = try flash.readAll(fileName, maximumBytes: maximumBytes) else {
      throw IdentityError.notEnrolled(directory: directory)
    }
    let identity: DeviceIdentity
    do {
      identity = try JSONCoding.decode(DeviceIdentity.self, from: bytes)
    } catch {
      throw IdentityError.unreadable("it is not the JSON object that enroll writes")
    }
    guard !identity.mqttHost.isEmpty, identity.mqttPort > 0 else {
      throw IdentityError.unreadable("it names no broker")
    }
    return identity
  }

  /// Writes the identity; durable when this returns.
  package func save(to flash: any Flash) throws {
    try flash.replace(Self.fileName, with: Array(try JSONCoding.encoder(pretty: true).encode(self)))
  }
}
