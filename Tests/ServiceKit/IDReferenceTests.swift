import TestSupport
import Testing

@testable import ServiceKit

@Suite(.seated) struct IDReferenceTests {
  private static let ids = ["8c5c1a52-3f6e-4b7e-9d0a-1f2e3d4c5b6a", "8c5d0000-3f6e-4b7e-9d0a-1f2e3d4c5b6a"]

  private func resolve(_ text: String) async throws -> String {
    try await IDReference(text, "claim").resolve(among: { Self.ids })
  }

  @Test func aBeginningThatOneHasNamesIt() async throws {
    #expect(try await resolve("8c5c") == Self.ids[0])
    #expect(try await resolve("8C5D") == Self.ids[1])
  }

  @Test func aBeginningThatNoneOrSeveralHaveIsTold() async throws {
    let none = await #expect(throws: AdminError.self) { try await resolve("9") }
    #expect(none?.status == .data && none?.description.contains("no claim's ID begins with 9") == true)
    let several = await #expect(throws: AdminError.self) { try await resolve("8c5") }
    #expect(several?.status == .data && Self.ids.allSatisfy { several?.description.contains($0) == true })
  }

  @Test func aWholeIDIsNotLookedFor() async throws {
    let whole = "ffffffff-3f6e-4b7e-9d0a-1f2e3d4c5b6a"
    let found = try await IDReference(whole, "claim").resolve(among: {
      Issue.record("asked")
      return []
    })
    #expect(found == whole)
  }
}
