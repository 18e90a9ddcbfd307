import Foundation
import TestSupport
import Testing
import TextFormats

/// JSON as the project writes and reads it.
@Suite(.seated) struct JSONCodingTests {
  @Test func jsonIsStable() throws {
    struct Value: Codable, Equatable {
      let z: Int
      let a: Date
      let path: String
    }
    let value = Value(z: 1, a: Date(timeIntervalSince1970: 0.25), path: "/x")
    let text = String(decoding: try JSONCoding.encoder().encode(value), as: UTF8.self)
    #expect(text == #"{"a":"1970-01-01T00:00:00.250Z","path":"/x","z":1}"#)
    #expect(try JSONCoding.decode(Value.self, from: Data(text.utf8)) == value)
    #expect(JSONCoding.date("2026-11-22T14:06:00Z") != nil && JSONCoding.date("yesterday") == nil)
  }
}
