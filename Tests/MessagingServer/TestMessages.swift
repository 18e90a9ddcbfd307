package import SwiftProtobuf
import Wire

extension Google_Protobuf_BytesValue: WireRequest {
  package typealias Response = Google_Protobuf_BytesValue
}

extension Google_Protobuf_StringValue: WireRequest {
  package typealias Response = Google_Protobuf_StringValue
}
