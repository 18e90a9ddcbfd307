import Curl
import FirmwareImage
import Foundation
import Foundations
import TestSupport
import Testing

@Suite(.seated, .serialized) struct CommandTests {
  @Test func pushListStatVerifyAndPull() async throws {
    try await withRegistry { registry, address in
      let folder = try TemporaryFolder()
      let store = try await StoreProcess.start(directory: folder.path("data"), registry: address)
      let device = registry.addDevice()
      let wasm = module(bytes: 1_500_000)
      let digest = try SHA256Digest.of(wasm)
      let file = folder.path("app.wasm")
      try Data(wasm).write(to: URL(filePath: file))

      let pushed = try await store.command("push", file, "--json")
      #expect(pushed.ending == .exited(0), "\(pushed.output)")
      let assigned = try await store.command("push", file, "--device", "\(device)", "--name", "pump")
      #expect(assigned.ending == .exited(0), "\(assigned.output)")
      #expect(assigned.output.contains("version 1 of device \(device)"))
      // Beside the digest nothing has room in a terminal of 80 columns.
      let line = assigned.output.split(separator: "\n").first { $0.contains(digest.hex) }
      #expect(line.map { $0.count <= 71 } == true, "\(assigned.output)")

      let listed = try await store.command("list", "--json")
      let images = try #require(
        try JSONSerialization.jsonObject(with: Data(listed.output.utf8)) as? [[String: Any]])
      #expect(images.compactMap { $0["digest"] as? String } == [digest.description])
      #expect(try await store.command("stat", digest.hex).output.contains("1500000 bytes"))
      #expect(try await store.command("verify", "--all").ending == .exited(0))
      #expect(try await store.command("status").ending == .exited(0))

      let bare = folder.path("out.wasm")
      #expect(try await store.command("pull", "\(digest)", "-o", bare).ending == .exited(0))
      #expect(try Array(Data(contentsOf: URL(filePath: bare))) == wasm)
      let whole = folder.path("out.image")
      let pulled = try await store.command("pull", "\(device)", "-o", whole)
      #expect(pulled.ending == .exited(0), "\(pulled.output)")
      #expect(
        try VerifiedImage.verifying(file: whole, for: device, trust: .unsigned()).configuration.manifest?.app.name.text
          == "pump")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".part") } == [])
    }
  }

  @Test func anInterruptedPullGoesOn() async throws {
    try await withRegistry { _, address in
      let folder = try TemporaryFolder()
      let store = try await StoreProcess.start(directory: folder.path("data"), registry: address)
      let wasm = module(bytes: 1_000_000)
      let digest = try SHA256Digest.of(wasm)
      #expect(try await store.send("PUT", "/images/\(digest)", body: wasm).status == 201)
      let output = folder.path("out.wasm")
      let partial = "\(output).\(digest.hex.prefix(16)).part"

      try Data(wasm.prefix(400_000)).write(to: URL(filePath: partial))
      #expect(try await store.command("pull", "\(digest)", "-o", output).ending == .exited(0))
      #expect(try Array(Data(contentsOf: URL(filePath: output))) == wasm)

      // That the kept part is really used shows when it is wrong: then the whole is refused.
      try Data(repeating: 7, count: 400_000).write(to: URL(filePath: partial))
      let refused = try await store.command("pull", "\(digest)", "-o", folder.path("out.wasm"))
      #expect(refused.ending == .exited(65), "\(refused.output)")
      #expect(!FileManager.default.fileExists(atPath: partial))
      #expect(try await store.command("pull", "\(digest)", "-o", output).ending == .exited(0))
    }
  }

  @Test func damageIsFoundAndTheExitCodeSaysSo() async throws {
    try await withRegistry { _, address in
      let folder = try TemporaryFolder()
      let store = try await StoreProcess.start(directory: folder.path, registry: address)
      let wasm = module(bytes: 50_000)
      let digest = try SHA256Digest.of(wasm)
      #expect(try await store.send("PUT", "/images/\(digest)", body: wasm).status == 201)
      var damaged = wasm
      damaged[40_000] ^= 1
      try Data(damaged).write(to: URL(filePath: "\(folder.path)/images/\(store.blobs[0])"))
      let verified = try await store.command("verify", "--all")
      #expect(verified.ending == .exited(65))
      #expect(verified.output.contains("DAMAGED"))
      #expect(try await store.command("pull", "\(digest)", "-o", folder.path("out")).ending == .exited(1))
    }
  }

  @Test func mistakesAreExplained() async throws {
    try await withRegistry { registry, address in
      let folder = try TemporaryFolder()
      let store = try await StoreProcess.start(directory: folder.path, registry: address)
      try Data("hello".utf8).write(to: URL(filePath: folder.path("text")))
      // Names of devices are for the Registry to tell.
      let nowhere = ["--registry", "http://127.0.0.1:1"]
      let cases: [([String], Int32, String)] = [
        (["push", folder.path("text")], 65, "not a WebAssembly module"),
        (["push", folder.path("missing")], 65, "No such file"),
        (["push", folder.path("text"), "--device", "\(DeviceID.random())"], 65, "no device"),
        (["push", folder.path("text"), "--device", "x"] + nowhere, 69, "say where the Registry is"),
        (["pull", "x", "-o", "y"] + nowhere, 69, "say where the Registry is"),
        (["pull", "\(try SHA256Digest.of([1]))", "-o", folder.path("y")], 65, "no image"),
        (["stat", "\(try SHA256Digest.of([1]))"], 65, "no image"),
        (["verify"], 64, "--all"),
        (
          ["list", "--endpoint", "tcp://127.0.0.1:1", "--timeout", "200ms"], 69,
          "no server of image-store could be reached"
        ),
      ]
      for (arguments, status, text) in cases {
        let command = try ChildProcess(
          product("xtblish-image-store"), arguments, environment: store.environment)
        let ending = try await command.waitForExit()
        #expect(ending == .exited(status), "\(arguments): \(command.output)")
        #expect(command.output.contains(text), "\(arguments): \(command.output)")
      }
      _ = registry
    }
  }

  /// Real curl, which asks before it sends a large body.
  @Test func curlUploads() async throws {
    try await withRegistry { registry, address in
      let folder = try TemporaryFolder()
      let store = try await StoreProcess.start(directory: folder.path("data"), registry: address)
      let device = registry.addDevice()
      let file = folder.path("app.wasm")
      try Data(module(bytes: 3_000_000)).write(to: URL(filePath: file))
      let curl = try ChildProcess(
        "curl",
        [
          "-sv", "-H", "Expect: 100-continue", "--expect100-timeout", "30", "--max-time", "20", "--data-binary",
          "@\(file)", "\(store.url)/firmware/\(device)",
        ])
      #expect(try await curl.waitForExit() == .exited(0))
      #expect(curl.output.contains("HTTP/1.1 100 Continue"))
      #expect(curl.output.contains("HTTP/1.1 201 Created"))
    }
  }
}
