import ImageStoreClient
import ServiceKit
import TestSupport
import Testing

@testable import AdminHTTP
@testable import Curl

/// What `push`, `pull` and their like tell people of a refusal.
@Suite(.seated) struct ClientRefusalTests {
  private func refusal(_ status: Int, _ body: String) -> AdminError {
    AdminHTTPClient.refusal(
      HTTPClient.Response(head: .init(status: status), body: Array(body.utf8), bodySizeBytes: UInt64(body.utf8.count)),
      by: "the image store")
  }

  /// The server speaks of a header; a command has an option.
  @Test func whoHasNoTokenIsToldTheOptionForIt() {
    let error = refusal(401, #"{"detail": "this takes a token", "reason": "missing-token"}"#)
    #expect(error.description == "this takes a token; --token-file or XTBLISH_TOKEN_FILE names the token's file")
    let other = refusal(403, #"{"detail": "it takes one with the scope deploy", "reason": "missing-scope"}"#)
    #expect(other.description == "it takes one with the scope deploy")
  }

  /// As where the bus refuses, so that a script can tell what may not be done from what can't.
  @Test func whoMayNotEndsWith77() {
    #expect(ExitStatus.permission.rawValue == 77)
    #expect(refusal(401, "{}").status == .permission)
    #expect(refusal(403, "{}").status == .permission)
    #expect(refusal(404, "{}").status == .data)
    #expect(refusal(429, "{}").status == .temporary)
  }

  @Test func aFileOfHeadersThatIsMissingIsNotCalledUnreadable() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: AdminError.self) { try AppSigning(headersFile: folder.path("app.wasm.headers")) }
    #expect(error?.description.hasSuffix("app.wasm.headers can't be read: check the path and its rights") == true)
  }

  @Test func anAnswerWithoutWordsIsToldByItsStatus() {
    #expect(refusal(500, "<html>").description == "the image store answered with status 500")
  }
}
