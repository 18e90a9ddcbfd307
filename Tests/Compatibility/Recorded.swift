import Foundation
import TestSupport

/// What the last release said and left, as `Tests/Compatibility/record` found it.
enum Recorded {
  struct BusFrame: Codable {
    let kind: String
    let role: String
    let client: String
    let frame: Data
  }

  struct BrokerMessage: Codable {
    let topic: String
    let payload: Data
  }

  /// Of each kind of request that passed some requests, answers and refusals.
  static func bus() throws -> [BusFrame] { try decode("bus.json") }

  /// Of each kind of topic some messages.
  static func broker() throws -> [BrokerMessage] { try decode("broker.json") }

  /// The JSON of one document that the Registry gave over HTTP.
  static func document(_ name: String) throws -> [UInt8] {
    let all = try JSONSerialization.jsonObject(with: contents("documents.json")) as? [String: Any]
    guard let document = all?[name] else { throw TestFailure("no document \(name) was recorded") }
    return Array(try JSONSerialization.data(withJSONObject: document))
  }

  static func path(_ name: String) -> String { "\(packageDirectory())/Tests/Compatibility/recorded/\(name)" }

  private static func contents(_ name: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: path(name))) }

  private static func decode<Value: Decodable>(_ name: String) throws -> Value {
    try JSONDecoder().decode(Value.self, from: contents(name))
  }
}
