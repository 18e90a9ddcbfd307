import Foundation
import FuzzTargets
import TestSupport
import Testing

/// Runs again what the fuzzers learned (Tests/Fuzz/README.md): a broken promise ends this process.
@Suite(.seated) struct FuzzCorpusTests {
  private func replay(_ name: String, least: Int, _ run: ([UInt8]) -> Void) throws {
    let folder = URL(filePath: "\(packageDirectory())/Tests/Fuzz/Corpus/\(name)")
    let files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    // An empty corpus would pass for nothing.
    #expect(files.count >= least)
    for file in files { run(Array(try Data(contentsOf: file))) }
  }

  @Test func theVerifierOfImagesKeepsItsPromises() throws {
    let target = try ImageFuzzing()
    try replay("image", least: 100, target.run)
  }

  @Test func theVerifierOfRootDocumentsKeepsItsPromises() throws {
    let target = try RootDocumentFuzzing()
    try replay("root-document", least: 100, target.run)
  }
}
