import SwiftProtobuf
import TestSupport
import Testing
import Wire

@testable import Messaging

/// Holds the envelope's own codec against the one that is generated from the `.proto` file.
@Suite(.seated) struct EnvelopeTests {
  private func randomEnvelope(_ generator: inout SeededGenerator) -> WireEnvelope {
    var envelope = WireEnvelope()
    let texts = ["", "xtblish.v1.AssignImage", "größer", String(repeating: "k", count: 300)]
    if Bool.random(using: &generator) { envelope.version = [1, 2, .max].randomElement(using: &generator) ?? 1 }
    envelope.role = .init(rawValue: Int.random(in: 0...7, using: &generator)) ?? .unspecified
    envelope.kind = texts.randomElement(using: &generator) ?? ""
    envelope.correlationID = .init(generator.bytes(Int.random(in: 0...40, using: &generator)))
    envelope.deadlineMilliseconds = [0, 1, 127, 128, 5_000, .max].randomElement(using: &generator) ?? 0
    envelope.traceParent = texts.randomElement(using: &generator) ?? ""
    envelope.payload = .init(generator.bytes(Int.random(in: 0...400, using: &generator)))
    if Int.random(in: 0..<3, using: &generator) == 0 {
      envelope.failure = .init(.overloaded, reason: "queue-full", message: "later", retryAfterMilliseconds: 200)
    }
    envelope.requestID = texts.randomElement(using: &generator) ?? ""
    return envelope
  }

  private func expectEqual(_ own: Envelope, _ generated: WireEnvelope) {
    #expect(own.version == generated.version)
    #expect(own.role.rawValue == UInt32(truncatingIfNeeded: generated.role.rawValue))
    #expect(own.kind == generated.kind)
    #expect(Array(own.correlationID) == Array(generated.correlationID))
    #expect(own.deadlineMilliseconds == generated.deadlineMilliseconds)
    #expect(own.traceParent == generated.traceParent)
    #expect(Array(own.payload) == Array(generated.payload))
    #expect(own.requestID == generated.requestID)
    #expect(own.failure == (generated.hasFailure ? generated.failure : nil))
  }

  @Test(arguments: 0..<20) func readsAndWritesWhatTheGeneratedCodecDoes(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(seed))
    for _ in 0..<100 {
      let generated = randomEnvelope(&generator)
      let frame: [UInt8] = try generated.serializedBytes()
      let own = try Envelope(decoding: frame)
      expectEqual(own, generated)
      #expect(own.encoded() == frame)
    }
  }

  /// Both take the same frames, however mangled, and read the same from them.
  @Test(arguments: 0..<20) func agreesAboutMangledFrames(seed: Int) throws {
    var generator = SeededGenerator(seed: UInt64(1_000 + seed))
    var taken = 0
    for _ in 0..<500 {
      var frame: [UInt8] = try randomEnvelope(&generator).serializedBytes()
      for _ in 0..<Int.random(in: 1...3, using: &generator) where !frame.isEmpty {
        let place = Int.random(in: 0..<frame.count, using: &generator)
        switch Int.random(in: 0..<3, using: &generator) {
        case 0: frame[place] = UInt8(truncatingIfNeeded: generator.next())
        case 1: frame.removeSubrange(place...)
        default: frame.insert(UInt8(truncatingIfNeeded: generator.next()), at: place)
        }
      }
      let own = try? Envelope(decoding: frame)
      let generated = try? WireEnvelope(serializedBytes: frame)
      if let own {
        taken += 1
        expectEqual(own, try #require(generated, "only the own codec takes \(frame)"))
      } else if generated != nil {
        // The generated codec also takes groups, which proto3 does not have.
        #expect(hasGroup(frame), "only the generated codec takes \(frame)")
      }
    }
    #expect(taken > 50)
  }

  private func hasGroup(_ frame: [UInt8]) -> Bool { frame.contains { $0 & 7 == 3 } }

  @Test func unknownFieldsAreSkipped() throws {
    // Fields 20 (varint), 21 (8 bytes), 22 (delimited), 23 (4 bytes), then version 1.
    let unknown: [UInt8] =
      [0xA0, 0x01, 0x96, 0x01] + [0xA9, 0x01, 1, 2, 3, 4, 5, 6, 7, 8] + [0xB2, 0x01, 2, 9, 9]
      + [0xBD, 0x01, 1, 2, 3, 4]
    let envelope = try Envelope(decoding: unknown + [0x08, 0x01, 0x10, 0x04])
    #expect(envelope == Envelope(role: .heartbeat))
  }

  @Test(
    arguments: [
      [0x08], [0x0A], [0x22, 0x05, 1], [0x22, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01],
      [0x00, 0x00],
      [0x1A, 0x02, 0xC3, 0x28], [0x0B], [0x0F], [0x08] + [UInt8](repeating: 0xFF, count: 11), [0x42, 0x01, 0xFF],
    ] as [[UInt8]])
  func whatIsNoEnvelopeIsRefused(frame: [UInt8]) {
    #expect(throws: EnvelopeError.self) { try Envelope(decoding: frame) }
  }

  @Test func aHeartbeatIsFourBytes() throws {
    #expect(Envelope(role: .heartbeat).encoded() == [0x08, 0x01, 0x10, 0x04])
  }

  @Test func requestsAndResponsesAreWrittenAtOnceAsTheyAreInParts() throws {
    for (kind, traceParent, requestID, payload) in [
      ("", "", "", []), ("xtblish.v1.Größe", "00-ab-cd-01", "build-7", [UInt8](repeating: 7, count: 300)),
    ] {
      var request = Envelope(role: .request)
      request.kind = kind
      request.correlationID = [0, 0, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 1, 2]
      request.deadlineMilliseconds = 5_000
      request.traceParent = traceParent
      request.requestID = requestID
      request.payload = payload[...]
      #expect(
        Envelope.request(
          258, prefix: 9, kind: kind, deadlineMilliseconds: 5_000, traceParent: traceParent, requestID: requestID,
          payload: payload)
          == request.encoded())
      var response = Envelope(role: .response)
      response.kind = kind
      response.correlationID = [1, 2, 3]
      response.payload = payload[...]
      #expect(Envelope.response(to: [1, 2, 3], kind: kind, payload: payload) == response.encoded())
    }
  }
}
