import Foundations
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Wire

extension ProblemError {
  /// What a client is told of an error, or nil for one that is nobody's business but the operator's.
  init?(mapping error: any Error) {
    switch error {
    case let problem as ProblemError: self = problem
    case let failure as WireFailure: self.init(failure)
    case let failure as RequestFailure: self.init(WireFailure(failure))
    case let failure as DecodingError: self.init(failure)
    case let error as HTTPError:
      self.init(
        ProblemDocument(error.status, detail: error.body ?? "the request can't be answered: \(error.status)"),
        headers: error.headers)
    case is NIOTooManyBytesError:
      self.init(
        .contentTooLarge, reason: "body-too-large", detail: "the body is larger than what is taken here; send less")
    case let error as HTTPParserError: self.init(parser: error)
    case is SlowBodyError:
      self.init(
        .requestTimeout, reason: "body-too-slow",
        detail: "the body came too slowly and was not waited for; send it again over a faster connection")
    case let error as any HTTPResponseError:
      self.init(ProblemDocument(error.status, detail: "the request can't be answered: \(error.status)"))
    default: return nil
    }
  }

  /// A failure of the bus, from this service or from one that it asked.
  init(_ failure: WireFailure) {
    let status: HTTPResponse.Status =
      switch failure.code {
      case .invalid: .badRequest
      case .notFound: .notFound
      case .conflict: .conflict
      case .overloaded, .unavailable: .serviceUnavailable
      case .deadlineExceeded: .gatewayTimeout
      case .unsupported: .notImplemented
      case .permissionDenied: .forbidden
      case .internal, .unspecified, .UNRECOGNIZED: .badGateway
      }
    var headers: HTTPFields = [:]
    if status == .serviceUnavailable || failure.retryAfterMilliseconds > 0 {
      headers[.retryAfter] = String(max(1, (Int(failure.retryAfterMilliseconds) + 999) / 1_000))
    }
    self.init(status, reason: failure.reason, detail: failure.message, headers: headers)
  }

  /// A JSON body that is not what the route takes: says where in it.
  init(_ error: DecodingError) {
    let path: [any CodingKey]
    let detail: String
    switch error {
    case .keyNotFound(let key, let context):
      path = context.codingPath + [key]
      detail = "the field \(Self.name(path)) is missing; add it"
    case .valueNotFound(_, let context):
      path = context.codingPath
      detail = "the field \(Self.name(path)) is null; give it a value"
    case .typeMismatch(let type, let context):
      path = context.codingPath
      detail = "\(path.isEmpty ? "the body" : "the field \(Self.name(path))") must be \(Self.jsonName(of: type))"
    case .dataCorrupted(let context):
      path = context.codingPath
      detail =
        path.isEmpty
        ? "the body is not JSON that is taken here: \(context.debugDescription)"
        : "the field \(Self.name(path)) can't be read: \(context.debugDescription)"
    @unknown default:
      path = []
      detail = "the body can't be read as what this route takes"
    }
    self.init(
      .badRequest, reason: "invalid-body", detail: detail,
      members: path.isEmpty ? [:] : ["field": .text(Self.name(path))])
  }

  /// A request that is not HTTP/1.1, as the parser sees it.
  init(parser error: HTTPParserError) {
    switch error {
    case .headerOverflow:
      self.init(
        .requestHeaderFieldsTooLarge, reason: "header-too-large",
        detail: "the request's target or its headers are larger than what is taken; send fewer or shorter ones")
    case .invalidURL, .invalidHost, .invalidPort, .invalidPath, .invalidQueryString, .invalidFragment:
      self.init(.badRequest, reason: "invalid-target", detail: "the request's target is not a valid URL; encode it")
    case .invalidVersion:
      // Also a line that ends in a bare line feed, which the parser takes for a part of the version.
      self.init(
        .badRequest, reason: "unsupported-version",
        detail: "the first line must end in HTTP/1.1, a carriage return and a line feed; this server speaks no other")
    default:
      self.init(.badRequest, reason: "invalid-request", detail: "the request is not valid HTTP/1.1 (\(error))")
    }
  }

  /// `devices[3].name`
  private static func name(_ path: [any CodingKey]) -> String {
    path.reduce(into: "") { name, key in
      if let index = key.intValue {
        name += "[\(index)]"
      } else {
        name += name.isEmpty ? key.stringValue : ".\(key.stringValue)"
      }
    }
  }

  private static func jsonName(of type: any Any.Type) -> String {
    switch type {
    case is String.Type: "a text"
    case is Bool.Type: "true or false"
    case is any BinaryInteger.Type: "a whole number"
    case is any BinaryFloatingPoint.Type: "a number"
    case is [Any].Type: "a list"
    default: "an object or a value of another type than it is"
    }
  }
}

/// A body that comes more slowly than `HTTPLimits` allows.
struct SlowBodyError: Error {}
