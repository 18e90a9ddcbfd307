import TestSupport
import Testing

@testable import DevelopmentLoop
@testable import Foundations

/// The parts of the developer's loop that need no process.
@Suite(.seated) struct DevPartsTests {
  @Test(arguments: [
    ("pin led 1", DevInstruction.pin(name: "led", level: 1)), ("  pin\tled  0 ", .pin(name: "led", level: 0)),
    ("sensor t 1 -2.5 3e2", .sensor(name: "t", values: [1, -2.5, 300])), ("restart", .restart), ("quit", .quit),
    ("publish a/b hello  world", .publish(topic: "a/b", payload: "hello  world")),
    ("publish a", .publish(topic: "a", payload: "")), ("sleep 0.5", .sleep(seconds: 0.5)), ("help", .help),
  ])
  func instructionsAreRead(line: String, instruction: DevInstruction) throws {
    #expect(try DevInstruction(line) == instruction)
  }

  @Test(arguments: ["", "   ", "# pin led 1"]) func otherLinesAreNone(_ line: String) throws {
    #expect(try DevInstruction(line) == nil)
  }

  @Test(arguments: ["pin led", "pin led 2", "pin led on", "sensor t", "sensor t warm", "sleep", "sleep -1", "fly"])
  func nonsenseIsRefused(_ line: String) {
    #expect(throws: DevInstruction.Problem.self) { try DevInstruction(line) }
  }

  @Test func coloursAreForTerminals() {
    for isColoured in [false, true] {
      let lines = Lines()
      DevConsole(isColoured: isColoured) { lines.append($0) }.show(.failure, "no\nluck", at: 1_000_000)
      #expect(lines.text.contains("\u{1B}[1;31m") == isColoured)
      #expect(lines.text.split(separator: "\n").count == 2)
      #expect(isColoured || lines.text.hasSuffix(".001 FAIL  luck\n"))
    }
  }

  @Test func theLoopsOwnWordsFitTheTerminal() {
    let lines = Lines()
    let console = DevConsole(isColoured: false, columns: 40) { lines.append($0) }
    console.show(.failure, "the app trapped: integer divide by zero", at: 0)
    #expect(lines.text.split(separator: "\n").count == 3)
    #expect(lines.text.split(separator: "\n").allSatisfy { $0.count <= 40 })
    #expect(lines.text.contains("\n" + String(repeating: " ", count: 19) + "integer divide by"))
    // What an app says is its own, to be copied as it is.
    let said = String(repeating: "word ", count: 20)
    console.show(.effect, said, at: 0)
    #expect(lines.text.contains(said))
  }

  @Test func payloadsAreShownAsTextOrDigits() {
    #expect(DevSession.text(Array("21.5 °C".utf8)) == "21.5 °C")
    #expect(DevSession.text([0, 10, 255]) == "00 0a ff")
    #expect(DevSession.text([UInt8](repeating: 65, count: 300)).hasSuffix("A… (300 bytes)"))
  }

  @Test func aBrokerHandsBackWhatMatches() {
    let broker = DevBroker()
    broker.subscribe(1, "a/+")
    broker.subscribe(2, "#")
    #expect(broker.handles(for: "a/b") == [1, 2] && broker.handles(for: "a/b/c") == [2])
    broker.unsubscribe(2)
    #expect(broker.handles(for: "x").isEmpty)
    broker.begin()
    #expect(broker.handles(for: "a/b").isEmpty)
  }
}

// Unchecked: the test's one thread is the only one that uses it.
private final class Lines: @unchecked Sendable {
  private(set) var text = ""
  func append(_ line: String) { text += line }
}
