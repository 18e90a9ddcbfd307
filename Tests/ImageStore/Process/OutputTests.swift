import Curl
import FirmwareImage
import Foundation
import Foundations
import Glibc
import TestSupport
import Testing

/// What `pull` does to what is already there, and what becomes of output that nobody gets.
@Suite(.seated, .serialized) struct OutputTests {
  private func withImage(
    _ body: @escaping @Sendable (StoreProcess, TemporaryFolder, [UInt8], SHA256Digest) async throws -> Void
  ) async throws {
    try await withRegistry { _, address in
      let folder = try TemporaryFolder()
      let store = try await StoreProcess.start(directory: folder.path("data"), registry: address)
      let wasm = module(bytes: 700_000)
      let digest = try SHA256Digest.of(wasm)
      #expect(try await store.send("PUT", "/images/\(digest)", body: wasm).status == 201)
      try await body(store, folder, wasm, digest)
    }
  }

  private func content(_ path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: path))) }

  @Test func devicesAndPipesAreWrittenAndNotReplaced() async throws {
    try await withImage { store, folder, wasm, digest in
      let pipe = folder.path("pipe")
      #expect(mkfifo(pipe, 0o600) == 0)
      let reader = try ChildProcess("cat", [pipe])
      #expect(try await store.command("pull", "\(digest)", "-o", pipe).ending == .exited(0))
      #expect(try await reader.waitForExit() == .exited(0))
      #expect(try content(reader.outputPath) == wasm)
      var status = stat()
      #expect(lstat(pipe, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)

      // A device of the test's own, like /dev/null, where the test may make one.
      let null = folder.path("null")
      if mknod(null, S_IFCHR | 0o666, dev_t(1 << 8 | 3)) == 0 {
        #expect(try await store.command("pull", "\(digest)", "-o", null).ending == .exited(0))
        #expect(lstat(null, &status) == 0 && status.st_mode & S_IFMT == S_IFCHR)
      }
      let full = try await store.command("pull", "\(digest)", "-o", "/dev/full")
      #expect(full.ending == .exited(65) && full.output.contains("No space left"), "\(full.output)")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".part") } == [])
    }
  }

  @Test func linksStayAndFoldersAreRefused() async throws {
    try await withImage { store, folder, wasm, digest in
      let (real, link) = (folder.path("real"), folder.path("link"))
      try Data("old".utf8).write(to: URL(filePath: real))
      #expect(symlink(real, link) == 0)
      #expect(try await store.command("pull", "\(digest)", "-o", link).ending == .exited(0))
      #expect(try content(real) == wasm)
      var status = stat()
      #expect(lstat(link, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)

      let folderToo = try await store.command("pull", "\(digest)", "-o", folder.path)
      #expect(folderToo.ending == .exited(65) && folderToo.output.contains("is a folder"), "\(folderToo.output)")
      let nowhere = folder.path("nowhere")
      #expect(symlink(folder.path("missing"), nowhere) == 0)
      let dangling = try await store.command("pull", "\(digest)", "-o", nowhere)
      #expect(dangling.ending == .exited(65) && dangling.output.contains("leads nowhere"), "\(dangling.output)")
    }
  }

  @Test func fivePullsToOneFileAllSucceed() async throws {
    try await withImage { store, folder, wasm, digest in
      let output = folder.path("out.wasm")
      for _ in 0..<4 {
        let pulls = try (0..<5).map { _ in
          try ChildProcess(
            product("xtblish-image-store"), ["pull", "\(digest)", "-o", output], environment: store.environment)
        }
        for pull in pulls { #expect(try await pull.waitForExit() == .exited(0), "\(pull.output)") }
        #expect(try content(output) == wasm)
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".part") } == [])
      }
    }
  }

  @Test(arguments: ["fifo", "/dev/zero", "folder"]) func whatHasNoEndIsNotPushed(_ kind: String) async throws {
    try await withImage { store, folder, _, _ in
      let path = kind.hasPrefix("/") ? kind : folder.path(kind)
      if kind == "fifo" { #expect(mkfifo(path, 0o600) == 0) }
      if kind == "folder" { #expect(mkdir(path, 0o700) == 0) }
      for arguments in [
        ["push", path], ["push", "--debug", path], ["push", path, "--device", "\(DeviceID.random())"],
      ] {
        let command = try ChildProcess(product("xtblish-image-store"), arguments, environment: store.environment)
        let ending = try await command.waitForExit()
        #expect(
          ending == .exited(65) && command.output.contains("into a file first"), "\(arguments): \(command.output)")
      }
    }
  }

  @Test func anInterruptedPushSaysHowToAskAgain() async throws {
    try await withRegistry { registry, address in
      let folder = try TemporaryFolder()
      // A store that takes all of it and never answers.
      let port = try FreePort()
      let server = try ChildProcess(
        "python3",
        [
          "-c",
          """
          import socket,sys
          s=socket.create_server(('127.0.0.1',int(sys.argv[1]))); print('ready',flush=True)
          c,_=s.accept(); n=0
          while n<50000:
            d=c.recv(65536)
            if not d: break
            n+=len(d)
          print('taken',flush=True); c.recv(1)
          """, "\(port.number)",
        ])
      _ = try await server.waitForLine(containing: "ready")
      let file = folder.path("app.wasm")
      try Data(module(bytes: 60_000)).write(to: URL(filePath: file))
      let push = try ChildProcess(
        product("xtblish-image-store"),
        ["push", file, "--device", "\(registry.addDevice())", "--idempotency-key", "once"],
        environment: ["XTBLISH_IMAGE_STORE_URL": "http://127.0.0.1:\(port.number)"])
      _ = try await server.waitForLine(containing: "taken")
      push.kill(SIGINT)
      #expect(try await push.waitForExit() == .exited(75))
      #expect(
        push.output.contains("may have been made") && push.output.contains("--idempotency-key once"), "\(push.output)")
      _ = address
    }
  }

  /// HTTP takes spaces off the ends of a header's value, so a signature of such a name would be of another app.
  @Test func namesThatHTTPWouldChangeAreNotSigned() async throws {
    let folder = try TemporaryFolder()
    let (file, key) = (folder.path("app.wasm"), folder.path("key"))
    try Data(module(bytes: 1_000)).write(to: URL(filePath: file))
    let keygen = try ChildProcess(product("xtblish-image-store"), ["keygen", "--out", key])
    #expect(try await keygen.waitForExit() == .exited(0))
    for (option, text) in [
      ("--name", " pump"), ("--name", "pump "), ("--name", "pu\tmp"), ("--name", "pump\n"), ("--name", "\u{200B}"),
      ("--app-version", "1 "), ("--app-version", "1\u{202E}"),
    ] {
      let sign = try ChildProcess(product("xtblish-image-store"), ["sign", file, "--key", key, option, text])
      #expect(try await sign.waitForExit() == .exited(65), "\(option) \(text.debugDescription): \(sign.output)")
      #expect(!FileManager.default.fileExists(atPath: file + ".headers"))
    }
    let sign = try ChildProcess(product("xtblish-image-store"), ["sign", file, "--key", key, "--name", "W\u{E4}rme"])
    #expect(try await sign.waitForExit() == .exited(0), "\(sign.output)")
  }

  /// Every program, also where only its help is asked for.
  @Test func lostOutputIsAFailure() async throws {
    for program in ["registry", "provisioner", "image-store", "notifier", "device"] {
      for arguments in ["--help", "--version", "completion bash"] {
        let command = try ChildProcess(
          "sh", ["-c", "\"$0\" \(arguments) >/dev/full", product("xtblish-\(program)")])
        #expect(try await command.waitForExit() == .exited(74), "\(program) \(arguments): \(command.output)")
        #expect(command.output.contains("the output was lost: No space left on device"), "\(command.output)")
        let closed = try ChildProcess("sh", ["-c", "\"$0\" \(arguments) >&-", product("xtblish-\(program)")])
        #expect(try await closed.waitForExit() == .exited(74), "\(program) \(arguments): \(closed.output)")
      }
    }
    try await withImage { store, _, _, digest in
      for arguments in ["list", "list --json", "stat \(digest)", "verify --all", "check-config", "status"] {
        let command = try ChildProcess(
          "sh", ["-c", "\"$0\" \(arguments) >/dev/full", product("xtblish-image-store")], environment: store.environment
        )
        #expect(try await command.waitForExit() == .exited(74), "\(arguments): \(command.output)")
      }
    }
  }
}
