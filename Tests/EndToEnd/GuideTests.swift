import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// Does what the pages "your first app" tell a reader to do, from the empty folder to the device.
  @Suite(.seated, .serialized)
  struct GuideTests {
    /// Each language's first app runs at the desk and on a device.
    @Test(arguments: ["c", "swift", "rust"])
    func aGuideLeadsToARunningApp(language: String) async throws {
      let guide = try Guide(page: "docs/first-app-\(language).md")
      let folder = try TemporaryFolder("xtblish-guide")
      for (name, text) in guide.files {
        try text.write(toFile: folder.path(name), atomically: true, encoding: .utf8)
      }
      #expect(guide.commands.contains { $0.hasPrefix("xtblish-device dev ") })
      let lines = guide.commands.map { line in
        // It would run until Ctrl-C: it is ended when the app has said something.
        guard line.hasPrefix("xtblish-device dev ") else { return line }
        return "run_until_output '\(Self.sign(of: line))' \(line)"
      }
      let script = ([Self.preamble] + lines).joined(separator: "\n")
      try script.write(toFile: folder.path("commands.sh"), atomically: true, encoding: .utf8)

      try await Stack.run(devices: 1) { stack in
        var environment = try stack.environment()
        let device = try stack.devices[0]
        // A Rust without WebAssembly's library comes first, as rustup's does where the target was not added.
        try Self.writeRustWithoutTarget(to: folder.path("rustup"))
        let path = ProcessInfo.processInfo.environment["PATH"] ?? "/bin"
        environment["PATH"] = "\(try productsDirectory()):\(folder.path("rustup")):\(path)"
        environment["XTBLISH"] = Stack.package
        environment["DEVICE"] = device
        let result = try await command(
          "bash", ["-c", "cd \(folder.path) && . ./commands.sh"], environment: environment, within: .seconds(180))
        #expect(result.status == 0, "\(result.output.suffix(3000))\n\(result.errors.suffix(3000))")
        try await eventually("the \(language) app confirmed on the device") {
          let reported = try await stack.state(of: device)?.reported
          return reported?.version == 1 && reported?.status == "confirmed"
        }
      }
    }

    /// What an app that a page builds is seen to do, as a pattern.
    private static func sign(of line: String) -> String {
      switch line {
      case let line where line.contains("careless"): "trapped: .*unreachable|in xtb_init at .*careless.c:7"
      case let line where line.contains("counter"): "three ticks, constructed once"
      case let line where line.contains("hello"): "hello from wasi-libc"
      default: "\\bon\\b|\\boff\\b"
      }
    }

    private static func writeRustWithoutTarget(to folder: String) throws {
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      let programs = [
        "rustc":
          "case \"$*\" in *target-libdir*) echo /nonexistent/lib ;; *) echo \"can't find crate for std\" >&2; exit 1 ;; esac",
        "cargo": "echo \"error[E0463]: can't find crate for std\" >&2; exit 101",
      ]
      for (name, script) in programs {
        try "#!/bin/sh\n\(script)\n".write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: "\(folder)/\(name)")
      }
    }

    /// `run_until_output SIGNS COMMAND…` succeeds once each of the signs, patterns between bars, was seen.
    static let preamble = """
      set -e -o pipefail
      trap 'echo "failed: $BASH_COMMAND" >&2' ERR
      run_until_output() {
        local signs=$1 sign all
        shift
        "$@" > dev.log 2>&1 &
        local process=$! tries=0 status=1
        while [ $((tries += 1)) -le 600 ] && kill -0 $process 2> /dev/null; do
          all=1
          while read -r sign; do grep -qE -- "$sign" dev.log || all=0; done <<< "${signs//|/$'\\n'}"
          if [ $all = 1 ]; then status=0; break; fi
          # Sleeps: a look at the output every tenth of a second, with a bound.
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
