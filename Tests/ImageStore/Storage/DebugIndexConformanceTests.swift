import BlobStorage
import Foundations
import TestSupport
import Testing
import WebAssemblyModule

/// What every index of debug modules does.
@Suite(.seated) struct DebugIndexConformanceTests {
  @Test(arguments: Backend.allCases)
  func theFirstDigestOfABuildStays(backend: Backend) async throws {
    let subject = try await StoreUnderTest(backend)
    let files = subject.store as? FileBlobStore
    let index: any DebugIndex = files.map { FileDebugIndex(store: $0) } ?? InMemoryDebugIndex()
    let (build, other) = (try #require(BuildID(bytes: [0xAB, 1])), try #require(BuildID(bytes: [0xAB, 2])))
    let first = try await subject.store.add(noise(10, seed: 1)).digest
    let second = try await subject.store.add(noise(10, seed: 2)).digest
    #expect(try await index.digest(of: build) == nil)
    #expect(try await index.enter(first, for: build) == first)
    for digest in [second, first] { #expect(try await index.enter(digest, for: build) == first) }
    #expect(try await index.digest(of: build) == first)
    #expect(try await index.digest(of: other) == nil)
    #expect(try await index.enter(second, for: other) == second)
    await subject.close()
  }
}
