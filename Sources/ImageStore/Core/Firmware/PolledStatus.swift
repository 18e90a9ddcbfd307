/// What a polling device says about a version: the fields of the MQTT state that it can know. Others are ignored, so that
/// the same JSON does for both.
struct PolledStatus: Decodable, Sendable {
  var version: UInt64
  var status: String
  var reason: String?
}
