import ArgumentParser
import Glibc
import TextFormats

/// The options of commands that take away what no other command brings back as it was.
package struct ConfirmationOptions: ParsableArguments {
  @Flag(help: "Do it without asking, as scripts must.")
  package var yes = false

  package init() {}

  /// Makes somebody at a terminal type a name before it is done. Without a terminal nobody is asked and it is not
  /// done, so that no script hangs.
  ///
  /// - Parameters:
  ///   - consequence: what will be, as a sentence.
  ///   - name: of what it is done to.
  /// - Throws: `AdminError` when it is not to be done.
  package func confirm(_ consequence: String, name: String) throws { try confirm(consequence, names: [name]) }

  /// The same for a device. It is confirmed by its name or its whole ID, whatever beginning of them the command was
  /// given.
  package func confirm(_ consequence: String, device: DeviceReference.Found) throws {
    try confirm(consequence, names: device.names)
  }

  /// - Parameter names: any of these does, and the first is asked for.
  private func confirm(_ consequence: String, names: [String]) throws {
    if yes { return }
    guard isatty(STDIN_FILENO) == 1 else {
      throw AdminError("\(consequence) There is no terminal to ask at: add --yes to do it all the same", status: .usage)
    }
    let name = PlainText.escaped(names.first ?? "")
    let question = Array("\(consequence)\nType \(name) to go on: ".utf8)
    _ = question.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    guard let line = readLine(), names.contains(where: { Array(line.utf8) == Array($0.utf8) }) else {
      throw AdminError("nothing was done: that is not \(name)", status: .failure)
    }
  }
}
