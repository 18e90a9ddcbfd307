import DeviceProtocol
import FoundationEssentials
import Foundations
import TextFormats

/// Reads what a device sent, which may be anything.
enum Payload {
  /// Decodes a JSON message. Members that `Message` does not name are ignored.
  ///
  /// - Parameter limit: how many bytes the payload may have.
  static func decode<Message: Decodable>(
    _ type: Message.Type, from payload: [UInt8], atMost limit: DeviceLimit
  ) throws(RejectedReport) -> Message {
    guard payload.count <= limit.value else {
      throw RejectedReport(.tooLarge, "\(payload.count) bytes; at most \(limit.value)")
    }
    do {
      return try JSONCoding.decode(Message.self, from: payload)
    } catch DecodingError.keyNotFound(let key, _) {
      throw RejectedReport(.field, "\(key.stringValue) is missing")
    } catch DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context) {
      throw RejectedReport(.field, "\(path(context)) has the wrong type")
    } catch DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty {
      throw RejectedReport(.field, "\(path(context)) is out of range")
    } catch DecodingError.dataCorrupted(let context) {
      throw RejectedReport(.notJSON, "the payload is not JSON that is taken here: \(context.debugDescription)")
    } catch {
      throw RejectedReport(.notJSON, "the payload is not JSON, or a number in it is out of range")
    }
  }

  /// The number that 16 hexadecimal digits stand for; 0 if there are none.
  static func randomName(_ text: String?, _ field: String) throws(RejectedReport) -> UInt64 {
    guard let number = RandomName.number(text ?? "") else {
      throw RejectedReport(.field, "\(field) must be 16 hexadecimal digits")
    }
    return number
  }

  /// The number, if PostgreSQL's bigint holds it.
  static func check(
    _ number: UInt64, _ name: String, from minimum: UInt64 = 0
  ) throws(RejectedReport) -> UInt64 {
    guard (minimum...UInt64(Int64.max)).contains(number) else {
      throw RejectedReport(.field, "\(name) must be from \(minimum) to 2^63-1")
    }
    return number
  }

  /// The text without control characters (PostgreSQL's text takes no NUL, a terminal obeys others) and of bounded
  /// length.
  ///
  /// - Parameter limit: bytes of UTF-8; the rest is cut off.
  static func cleaned(_ dirty: String, atMost limit: DeviceLimit) -> String {
    var text = String.UnicodeScalarView()
    var bytes = 0
    for scalar in dirty.unicodeScalars {
      let kept: Unicode.Scalar =
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: " "
        default: scalar
        }
      bytes += UTF8.width(kept)
      if bytes > limit.value { break }
      text.append(kept)
    }
    return String(text)
  }

  private static func path(_ context: DecodingError.Context) -> String {
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return path.isEmpty ? "the payload" : path
  }
}
