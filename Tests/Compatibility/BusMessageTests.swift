import Messaging
import SwiftProtobuf
import TestSupport
import Testing
import Wire

/// What the last release's programs say on the bus is understood by today's, whole.
@Suite(.seated) struct BusMessageTests {
  private static let requests = Dictionary(uniqueKeysWithValues: DeclaredRequests.all.map { ($0.kind, $0) })

  @Test func everyRecordedFrameIsAnEnvelopeOfAKnownKind() throws {
    for recorded in try Recorded.bus() {
      let envelope = try Envelope(decoding: Array(recorded.frame))
      #expect(envelope.version == 1 && envelope.kind == recorded.kind)
      #expect(Self.requests[recorded.kind] != nil, "\(recorded.kind) is not answered any more")
    }
  }

  @Test func everyRecordedMessageIsReadWithAllItsFields() throws {
    let recorded = try Recorded.bus()
    #expect(Set(recorded.map(\.kind)).count > 50)
    for frame in recorded {
      let envelope = try Envelope(decoding: Array(frame.frame))
      let type = try #require(Self.requests[frame.kind])
      switch frame.role {
      case "request": try Self.read(envelope, as: type)
      case "response": try Self.readAnswer(envelope, to: type)
      default:
        let failure = try #require(envelope.failure)
        #expect(!failure.reason.isEmpty && failure.code != .unspecified)
        #expect(!failure.notBegun, "the last release says nothing of it")
      }
    }
  }

  private static func read<R: WireRequest>(_ envelope: Envelope, as type: R.Type) throws {
    try expectAllKnown(envelope, R.self)
  }

  private static func readAnswer<R: WireRequest>(_ envelope: Envelope, to type: R.Type) throws {
    try expectAllKnown(envelope, R.Response.self)
  }

  /// A field that is not known any more would be kept apart, and is not there when such fields are left out.
  private static func expectAllKnown<Message: SwiftProtobuf.Message>(_ envelope: Envelope, _ type: Message.Type) throws
  {
    var options = BinaryDecodingOptions()
    options.discardUnknownFields = true
    let bytes = Array(envelope.payload)
    let known = try Message(serializedBytes: bytes, options: options)
    let all = try Message(serializedBytes: bytes)
    #expect(known.isEqualTo(message: all), "\(envelope.kind) has fields that are not known any more")
  }

  /// Whoever sent a request then may send it now.
  @Test func whoeverMightSendARequestStillMay() throws {
    for recorded in try Recorded.bus() where recorded.role == "request" {
      let callers = try #require(Self.requests[recorded.kind]).callers
      // The operator's key of a stack is named for it.
      let role = recorded.client == "stack" ? BusRole.operator : try #require(BusRole(rawValue: recorded.client))
      #expect(callers.roles.contains(role), "\(role) may not send \(recorded.kind) any more")
    }
  }
}
