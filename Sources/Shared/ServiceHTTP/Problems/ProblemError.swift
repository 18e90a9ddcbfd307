package import HTTPTypes

/// Thrown by handlers to answer with a problem document, `document`.
package struct ProblemError: Error, Sendable, Equatable {
  package var document: ProblemDocument
  /// Header fields of the answer, for example `Retry-After`.
  package var headers: HTTPFields

  package init(_ document: ProblemDocument, headers: HTTPFields = [:]) {
    self.document = document
    self.headers = headers
  }

  /// - Parameters:
  ///   - reason: stable and kebab-case, for programs.
  ///   - detail: what is wrong and what to do.
  package init(
    _ status: HTTPResponse.Status, reason: String, detail: String, headers: HTTPFields = [:],
    members: [String: ProblemDocument.Member] = [:]
  ) {
    self.init(ProblemDocument(status, reason: reason, detail: detail, members: members), headers: headers)
  }

  /// 503, with the time after which trying again makes sense.
  package static func unavailable(
    reason: String, detail: String, retryAfterSeconds: Int = 1
  ) -> Self {
    Self(.serviceUnavailable, reason: reason, detail: detail, headers: [.retryAfter: "\(max(1, retryAfterSeconds))"])
  }

  /// 413.
  package static func bodyTooLarge(maximumBytes: Int) -> Self {
    Self(
      .contentTooLarge, reason: "body-too-large",
      detail: "the body is larger than the \(maximumBytes) bytes that are taken here; send less",
      members: ["maximumBytes": .number(maximumBytes)])
  }
}

extension ProblemError: CustomStringConvertible {
  package var description: String { "\(document.status.code) \(document.reason): \(document.detail)" }
}
