import Foundation
package import SwiftProtobuf
import Wire

/// May be sent twice.
extension Google_Protobuf_BytesValue: WireRequest {
  package typealias Response = Google_Protobuf_BytesValue
}

/// Must not be sent twice.
extension Google_Protobuf_StringValue: WireRequest {
  package typealias Response = Google_Protobuf_StringValue
  package static var isIdempotent: Bool { false }
}

/// A kind that no test server answers.
extension Google_Protobuf_BoolValue: WireRequest {
  package typealias Response = Google_Protobuf_BoolValue
}

typealias Idempotent = Google_Protobuf_BytesValue
typealias Once = Google_Protobuf_StringValue
typealias Unanswered = Google_Protobuf_BoolValue

extension Google_Protobuf_BytesValue {
  init(_ text: String) { self.init(Data(text.utf8)) }

  var text: String { String(decoding: value, as: UTF8.self) }
}
