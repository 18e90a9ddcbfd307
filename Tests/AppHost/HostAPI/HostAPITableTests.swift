import DeviceProtocol
import Glibc
import TestSupport
import Testing
import Wasmtime

@testable import AppHost
@testable import AppLink
@testable import Foundations

@Suite(.seated) struct HostAPITableTests {
  @Test func everyRowIsComplete() {
    // Each row of the table that the image store has too is served, and no other.
    let names = HostAPI.functions.map { "\($0.module).\($0.name)" }
    #expect(Set(names).count == names.count)
    #expect(Set(names) == Set(HostInterface.functions.map { "\($0.module).\($0.name)" }))
    for function in HostInterface.functions { #expect((1...HostInterface.level).contains(function.level)) }
    for function in HostAPI.functions {
      #expect(!function.documentation.isEmpty)
      if function.module == HostInterface.module {
        #expect(function.type.results == [.i32] || function.type.results == [.i64])
        #expect(function.type.parameters.allSatisfy { $0 == .i32 || $0 == .i64 })
      }
    }
  }

  /// All of WASI preview 1 in the table links with the engine's own, by its types.
  @Test func theEngineHasAllOfWASI() async throws {
    let imports = HostInterface.wasi.map { name, type in
      let parameters = type.parameters.map { " \($0)" }.joined()
      let result = type.results.map { " (result \($0))" }.joined()
      return "(import \"\(HostInterface.wasiModule)\" \"\(name)\" (func (param\(parameters))\(result)))"
    }
    let bed = try AppTestBed()
    let app = try await bed.launch(
      "(module \(imports.joined(separator: "\n")) (memory (export \"memory\") 1) (func (export \"_start\")))")
    var history = AppHistory()
    #expect(try await history.ending(of: app) == .exited(code: 0))
    #expect(HostInterface.wasi.count == 46)
  }

  /// What the headers for apps declare is what the device offers: the same names, and as many parameters.
  @Test(arguments: ["Examples/sdk/c/xtb1.h"])
  func theHeaderDeclaresTheTable(path: String) throws {
    let text = try #require(read("\(packageDirectory())/\(path)"))
    var declared: [String: String] = [:]
    for part in text.components(separatedBy: "XTB_IMPORT(\"").dropFirst() {
      guard let name = part.split(separator: "\"").first, let statement = part.split(separator: ";").first else {
        continue
      }
      declared[String(name)] = String(statement)
    }
    let functions = HostInterface.functions.filter { $0.module == HostInterface.module }
    #expect(Set(declared.keys) == Set(functions.map(\.name)))
    for function in functions {
      let statement = try #require(declared[function.name])
      let list = try #require(statement.split(separator: "(").last?.split(separator: ")").first)
      let parameters = list == "void" ? [] : list.split(separator: ",").map(String.init)
      #expect(parameters.count == function.parameters.count, "\(function.name)")
      for (text, parameter) in zip(parameters, function.parameters) {
        #expect(text.contains("int64_t") == (parameter.type == .i64), "\(function.name): \(text)")
      }
    }
  }

  /// `make host-api` writes it.
  @Test func theReferencePageIsTheTables() throws {
    let page = try #require(read("\(packageDirectory())/docs/host-api.md"))
    #expect(page == HostAPI.referencePage, "run `make host-api` and commit docs/host-api.md")
    for function in HostAPI.functions { #expect(page.contains("### `\(function.name)`")) }
  }

  @Test func theHeadersNumbersAreTheTables() throws {
    let text = try #require(read("\(packageDirectory())/Examples/sdk/c/xtb1.h"))
    for errno in HostErrno.allCases { #expect(text.contains("= \(errno.result)"), "\(errno)") }
    for kind in HostEvent.Kind.allCases {
      #expect(text.contains("XTB_EVENT_\("\(kind)".uppercased()) = \(kind.rawValue)"), "\(kind)")
    }
    for reason in ResetReason.allCases {
      #expect(text.contains("XTB_RESET_\("\(reason)".uppercased()) = \(reason.rawValue)"), "\(reason)")
    }
  }

  private func read(_ path: String) -> String? {
    guard let file = fopen(path, "re") else { return nil }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    return String(decoding: bytes[..<fread(&bytes, 1, bytes.count, file)], as: UTF8.self)
  }
}

extension String {
  fileprivate func components(separatedBy separator: String) -> [Substring] { split(separator: separator) }
}
