import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Does what the pages "your first app" tell a reader to do, from the empty folder to the device.
  @Suite(.serialized)
  struct GuideTests {
    @Test("each language's first app runs at the desk and on a device", arguments: ["c", "swift", "rust"])
    func guide(language: String) async throws {
      let guide = try Guide(page: "docs/first-app-\(language).md")
      let folder = try TemporaryFolder("xtblish-guide")
      for (name, text) in guide.files {
        try text.write(toFile: folder.path(name), atomically: true, encoding: .utf8)
      }
      #expect(guide.commands.contains { $0.hasPrefix("xtblish-device dev ") })
      let lines = guide.commands.map { line in
        // It would run until Ctrl-C: it is ended when the app has said something.
        line.hasPrefix("xtblish-device dev ") ? "run_until_output \(line)" : line
      }
      let script = ([Self.preamble] + lines).joined(separator: "\n")
      try script.write(toFile: folder.path("commands.sh"), atomically: true, encoding: .utf8)

      try await Stack.run(devices: 1) { stack in
        var environment = try stack.environment()
        let device = try stack.devices[0]
        // Debian's own Rust comes first: it has WebAssembly's library as a package.
        environment["PATH"] =
          "\(try productsDirectory()):/usr/bin:\(ProcessInfo.processInfo.environment["PATH"] ?? "/bin")"
        environment["XTBLISH"] = Stack.package
        environment["DEVICE"] = device
        let result = try await command(
          "bash", ["-c", "cd \(folder.path) && . ./commands.sh"], environment: environment, within: .seconds(180))
        #expect(result.status == 0, "\(result.output.suffix(3000))\n\(result.errors.suffix(3000))")
        try await eventually(within: .seconds(60), "the \(language) app confirmed on the device") {
          let reported = try await stack.state(of: device)?.reported
          return reported?.version == 1 && reported?.status == "confirmed"
        }
      }
    }

    /// `run_until_output COMMAND…` succeeds once the app has switched the light on and off.
    static let preamble = """
      set -e -o pipefail
      trap 'echo "failed: $BASH_COMMAND" >&2' ERR
      run_until_output() {
        "$@" > dev.log 2>&1 &
        local process=$! tries=0 status=1
        while [ $((tries += 1)) -le 600 ] && kill -0 $process 2> /dev/null; do
          if grep -qw on dev.log && grep -qw off dev.log; then status=0; break; fi
          sleep 0.1
        done
        kill -TERM $process 2> /dev/null || true
        wait $process || true
        [ $status = 0 ] || cat dev.log >&2
        return $status
      }
      """
  }

  /// A page of Markdown whose blocks are files, named after the language (```c first.c), and commands (```sh).
  struct Guide {
    var files: [String: String] = [:]
    /// Lines of all commands, in their order.
    var commands: [String] = []

    init(page: String) throws {
      let text = try String(contentsOfFile: "\(Stack.package)/\(page)", encoding: .utf8)
      // Every second part is a block's inside.
      for (index, part) in text.components(separatedBy: "```").enumerated() where index % 2 == 1 {
        let lines = part.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
        let words = lines[0].split(separator: " ").map(String.init)
        let body = Array(lines.dropFirst())
        if words.count == 2 {
          files[words[1]] = body.joined(separator: "\n")
        } else if words == ["sh"] {
          commands += body
        }
      }
      guard !files.isEmpty, !commands.isEmpty else { throw TestFailure("\(page) has no files or no commands") }
    }
  }
}
