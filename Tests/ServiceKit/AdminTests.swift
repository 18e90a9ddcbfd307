import ArgumentParser
import Foundation
import Foundations
import Messaging
import Synchronization
import TestSupport
import Testing
import Wire

@testable import ServiceKit

@Suite(.seated) struct AdminTests {
  /// Runs a body that fails, and returns what was written and the exit code.
  private func outcome(of error: any Error) async -> (text: String, code: Int32?) {
    let written = Mutex("")
    do {
      try await runAdmin(write: { text in written.withLock { $0 += text } }) { throw error }
      return (written.withLock { $0 }, nil)
    } catch {
      return (written.withLock { $0 }, (error as? ExitCode)?.rawValue)
    }
  }

  @Test(
    arguments: [
      (WireFailure.Code.invalid, 65), (.notFound, 65), (.conflict, 1), (.overloaded, 75), (.deadlineExceeded, 75),
      (.unavailable, 69), (.permissionDenied, 77), (.internal, 1),
    ] as [(WireFailure.Code, Int32)])
  func failuresHaveExitCodes(_ code: WireFailure.Code, _ expected: Int32) async {
    let result = await outcome(of: WireFailure(code, reason: "some-reason", message: "it is so; do this"))
    #expect(result.code == expected)
    #expect(result.text == "error: it is so; do this (some-reason)\n")
  }

  @Test func onlyWhoFoundNoServerIsToldToSayWhereItIs() async {
    let advice = "say where it is with --endpoint"
    let unreached = WireFailure(.unavailable, reason: WireFailure.noServerReason, message: "nobody is there.")
    let first = await outcome(of: AdminOptions.explained(unreached, advice: advice))
    #expect(first.text == "error: nobody is there; \(advice)\n" && first.code == 69)
    let answers: [(WireFailure.Code, Int32)] = [(.unavailable, 69), (.deadlineExceeded, 75), (.notFound, 65)]
    for (code, expected) in answers {
      let answered = WireFailure(
        code, reason: "database-unavailable", message: "the database is down: try again shortly")
      let other = await outcome(of: AdminOptions.explained(answered, advice: advice))
      #expect(!other.text.contains(advice) && other.text.contains("try again shortly"))
      #expect(other.code == expected)
    }
  }

  @Test func messagesCannotControlTheTerminal() async {
    let result = await outcome(of: WireFailure(.conflict, reason: "", message: "\u{1B}]0;owned\u{7}\nnext"))
    #expect(result.text == "error: \\u{1b}]0;owned\\u{7}\\nnext\n")
  }

  @Test func configurationErrorsListAllProblems() async {
    let error = SettingsError([.init(key: "a", message: "a is wrong"), .init(key: nil, message: "b too")])
    let result = await outcome(of: error)
    #expect(result.code == 78)
    #expect(result.text == "error: the configuration is wrong:\n  a is wrong\n  b too\n")
  }

  @Test func successIsSilent() async throws {
    try await runAdmin(write: { _ in Issue.record("nothing to say") }) {}
  }

  @Test func tablesAlignAndEscape() {
    var table = Table(["NAME", "SIZE"], rightAligned: [1])
    table.add(["a\u{1B}[2J", "5"])
    table.add(["日本", "12345"])
    table.add(["short"])
    #expect(table.text == "NAME         SIZE\na\\u{1b}[2J      5\n日本        12345\nshort\n")
    #expect(Table(["A"]).isEmpty)
  }

  @Test func tablesFitTheirRoom() {
    var table = Table([("NAME", .cut), ("ID", .spare(1)), ("STATE", .always), ("TAGS", .spare(2))])
    table.add(["pump", "7d444840", "current", "north, indoor"])
    table.add(["a rather long name", "8", "failed", ""])
    #expect(table.text == table.text(columns: nil))
    #expect(table.text.split(separator: "\n").map(\.count).max() == 52)
    // All of it, where it fits.
    #expect(table.text(columns: 52) == table.text)
    // First the last column goes, then cells are cut before another column does.
    #expect(table.text(columns: 40).hasPrefix("NAME                ID        STATE\n"))
    #expect(table.text(columns: 32).contains("a rather lon…  8         failed\n"))
    #expect(table.text(columns: 24).contains("a rather long …  failed\n"))
    // What must stay stays, however little room there is.
    #expect(table.text(columns: 1).contains("a rather lo…  failed\n"))
    for columns in [24, 32, 40, 52, 80] {
      for line in table.text(columns: columns).split(separator: "\n") { #expect(line.count <= columns) }
    }
  }

  @Test func fieldsGoOnInFurtherLines() {
    var table = Table.fields()
    table.add(["id", "1"])
    table.add(["reason", "one two three four"])
    table.add(["digest", "version 1 " + String(repeating: "a", count: 22)])
    table.add(["more", String(repeating: "b", count: 22)])
    #expect(
      table.text(columns: 24) == """
        FIELD   VALUE
        id      1
        reason  one two three
                four
        digest  version 1
          aaaaaaaaaaaaaaaaaaaaaa
        more
          bbbbbbbbbbbbbbbbbbbbbb

        """)
    // What nobody has to fit stays a line each, for those who search it.
    #expect(table.text.contains("\nreason  one two three four\n"))
    var untitled = Table.fields(isTitled: false)
    untitled.add(["a", "b c"])
    #expect(untitled.text(columns: 80) == "a  b c\n")
  }

  @Test func linesOfUsageAreBrokenBetweenArguments() {
    let text = "OVERVIEW: It is so.\n\nUSAGE: tool list [--from <a time>] [--json] <id> [--wide]\n\nOPTIONS:\n"
    #expect(
      UsageText.wrapped(text, columns: 34) == """
        OVERVIEW: It is so.

        USAGE: tool list [--from <a time>]
               [--json] <id> [--wide]

        OPTIONS:

        """)
    #expect(UsageText.wrapped(text, columns: 80) == text)
  }

  @Test func anIDIsOneWithAndWithoutItsHyphens() {
    let id = "7d444840-9dc0-11d1-b245-5ffdce74fad2"
    #expect(DeviceReference(id).id.map(DeviceReference.uuid) == id)
    #expect(DeviceReference("7D4448409DC011D1B2455FFDCE74FAD2").id.map(DeviceReference.uuid) == id)
    for text in ["7d444840", "pump", "", String(repeating: "x", count: 32)] { #expect(DeviceReference(text).id == nil) }
  }

  @Test func theWidthIsThatOfTheEnvironmentOrEighty() {
    #expect(TerminalWidth.columns(environment: ["COLUMNS": "132"]) == 132)
    #expect(TerminalWidth.columns(environment: ["COLUMNS": "5"]) == 40)
  }

  @Test(arguments: [("It is so.", "It is so"), ("why", "why"), ("", ""), ("..", ""), ("end. ", "end")])
  func clausesHaveNoFullStop(_ text: String, _ expected: String) {
    #expect(text.asClause == expected)
  }

  @Test func progressOnATerminalIsOneLine() {
    let written = Mutex("")
    let bar = ProgressBar("push", totalBytes: 2_048, isTerminal: true, columns: 80) { text in
      written.withLock { $0 += text }
    }
    bar.update(completedBytes: 1_024)
    bar.finish()
    bar.finish()
    let text = written.withLock { $0 }
    #expect(text.contains("push [###############---------------] 50%  1 KiB of 2 KiB"))
    #expect(text.filter { $0 == "\n" }.count == 1 && text.hasSuffix("\n"))
  }

  @Test(
    arguments: [
      (".build-examples/sensor-swift-2.0.wasm", 100, ".build-examples/sensor-swift-2.0.wasm [#"),
      (".build-examples/sensor-swift-2.0.wasm", 80, "…"), ("bc8a9739-cad2-4db3-9c01-d746a36a7f1b/1", 60, "…"),
      ("a.wasm", 40, "100%  1023 KiB of 1023 KiB  "),
    ])
  func progressFitsTheTerminal(label: String, columns: Int, beginning: String) {
    let written = Mutex("")
    let bar = ProgressBar(label, totalBytes: 1_023 << 10, isTerminal: true, columns: columns) { text in
      written.withLock { $0 += text }
    }
    bar.update(completedBytes: 1_023 << 10)
    bar.finish()
    let lines = written.withLock { $0 }.split(whereSeparator: \.isNewline)
    #expect(lines.count == 2)
    for line in lines {
      #expect(line.hasPrefix(beginning))
      #expect(line.replacing("\u{1B}[K", with: "").count < columns)
    }
  }

  @Test func progressInAPipeIsPlainPercentages() {
    let written = Mutex("")
    let bar = ProgressBar("push", totalBytes: 100, isTerminal: false) { text in written.withLock { $0 += text } }
    for bytes in 0...100 { bar.update(completedBytes: bytes) }
    bar.finish()
    let lines = written.withLock { $0 }.split(separator: "\n")
    #expect(lines.count == 10)
    #expect(lines.first == "push: 10%" && lines.last == "push: 100%")
  }

  @Test(arguments: ["\u{0}", "\u{1B}", "\u{9B}", "\u{202E}"] as [Unicode.Scalar])
  func aTableShowsNoTextThatTurnsTheTerminal(_ scalar: Unicode.Scalar) {
    var table = Table(["X"])
    table.add(["a\(scalar)b"])
    #expect(!table.text.unicodeScalars.contains(scalar))
  }
}
