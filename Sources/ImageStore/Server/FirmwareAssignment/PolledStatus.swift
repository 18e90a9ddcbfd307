/// What a polling device says about a version: the fields of the MQTT state that it can know. Others are ignored, so that
/// the same JSON does for both.
package struct PolledStatus: Decodable, Sendable {
  let version: UInt64
  let status: String
  let reason: String?
}
