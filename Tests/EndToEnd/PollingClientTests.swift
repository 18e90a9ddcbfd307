import Foundation
import TestSupport
import Testing

extension EndToEnd {
  /// The client that docs/polling.md shows, compiled with a board of files and sockets.
  @Suite(.seated, .serialized)
  struct PollingClientTests {
    /// Compiles what the page shows, as it stands there.
    private func compile(in folder: TemporaryFolder) async throws -> String {
      let page = try String(contentsOfFile: "\(Stack.package)/docs/polling.md", encoding: .utf8)
      let source = try #require(
        page.components(separatedBy: "```c\n").dropFirst().first?.components(separatedBy: "```")[0])
      try source.write(toFile: folder.path("client.c"), atomically: true, encoding: .utf8)
      let board = "\(Stack.package)/Tests/PollingBoard"
      try await mustSucceed(
        "cc",
        [
          "-Wall", "-Wextra", "-Werror", "-O2", "-I", board, folder.path("client.c"), "\(board)/board.c", "-o",
          folder.path("client"), "-lssl", "-lcrypto",
        ])
      return folder.path("client")
    }

    private struct Board {
      let program: String
      let folder: String
      let settings: [String: String]

      /// One waking, from the flash as it is. 10: it starts again; 99: its power was cut.
      func wake(_ more: [String: String] = [:]) async throws -> Int32 {
        try await command(
          "sh", ["-c", "cd \(folder) && exec \(program)"], environment: settings.merging(more) { $1 }
        ).status
      }

      /// Until it has nothing to do any more.
      func wakeUntilIdle(_ more: [String: String] = [:]) async throws {
        for _ in 1...5 where try await wake(more) == 0 { return }
        throw TestFailure("the client starts again and again")
      }

      /// The version in the image of a slot.
      func version(inSlot slot: Int) throws -> UInt64 {
        let bytes = try Data(contentsOf: URL(filePath: "\(folder)/slot\(slot)")).dropFirst(56).prefix(8)
        return bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
      }
    }

    private struct Enrolled: Decodable {
      let deviceID: String
      let pollingToken: String
    }

    /// A board that enrolled for polling alone.
    private func board(_ stack: Stack, _ folder: TemporaryFolder) async throws -> (Board, id: String) {
      let claim = try await stack.admin("xtblish-provisioner", "claim", "create", "--quiet")
        .trimmingCharacters(in: .newlines)
      let answer = try await mustSucceed(
        "curl",
        [
          "--silent", "--fail-with-body", "--cacert", stack.value("XTBLISH_CA_FILE"), "--json",
          #"{"claim":"\#(claim)","serial":"small-1","pollingOnly":true}"#,
          "\(stack.value("XTBLISH_PROVISIONER_URL"))/v1/enroll",
        ])
      let enrolled = try JSONDecoder().decode(Enrolled.self, from: Data(answer.utf8))
      let id = UUID(uuidString: enrolled.deviceID)?.uuidString.lowercased() ?? enrolled.deviceID
      let store = try #require(URL(string: try stack.value("XTBLISH_IMAGE_STORE_URL")))
      let settings = [
        "HOST": store.host() ?? "", "PORT": "\(store.port ?? 0)", "CA": try stack.value("XTBLISH_CA_FILE"),
        "TOKEN": enrolled.pollingToken, "DEVICE": id.filter { $0 != "-" },
      ]
      return (Board(program: try await compile(in: folder), folder: folder.path, settings: settings), id)
    }

    /// Power may fail anywhere: the client runs the new app or the old one, and the Registry knows which.
    @Test
    func updatesThroughPowerCuts() async throws {
      try await Stack.run(devices: 0) { stack in
        let folder = try TemporaryFolder("xtblish-polling")
        let (board, id) = try await board(stack, folder)
        #expect(try await board.wake() == 0)

        _ = try await stack.deploy(App.make("first", in: stack.folder), to: id)
        // The power fails in the download, then between download and flash: it begins again each time.
        #expect(try await board.wake(["CUT": "download:600"]) == 99)
        #expect(try await board.wake(["CUT": "before-note"]) == 99)
        #expect(try await stack.state(of: id)?.reported == nil)
        // Between flash and start, then after the server was told: it is told again.
        #expect(try await board.wake(["CUT": "after-note"]) == 99)
        #expect(try board.version(inSlot: 1) == 1)
        #expect(try await board.wake(["CUT": "untold"]) == 99)
        try await board.wakeUntilIdle()
        let first = try #require(try await stack.state(of: id)?.reported)
        #expect(first.version == 1 && first.status == "confirmed")
        #expect(try await board.wake() == 0)

        // An app that does not hold is given up, and not offered again.
        _ = try await stack.deploy(App.make("second", in: stack.folder), to: id)
        try await board.wakeUntilIdle(["WELL": "0"])
        let second = try #require(try await stack.state(of: id)?.reported)
        #expect(second.version == 1 && second.status == "rolled-back")
        let shown = try await stack.admin("xtblish-registry", "devices", "show", id)
        #expect(shown.contains("self-test") && shown.contains("failed"))
        #expect(try await board.wake() == 0)

        // The next version comes as if nothing had been.
        _ = try await stack.deploy(App.make("third", in: stack.folder), to: id)
        try await board.wakeUntilIdle()
        #expect(try await stack.state(of: id)?.reported?.version == 3)
      }
    }
  }
}
