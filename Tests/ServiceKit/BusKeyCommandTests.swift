import Foundation
import Messaging
import TestSupport
import Testing
import Wire
import ZeroMQ

/// `bus-key`, and what services and commands do without a key, on a real executable.
@Suite(.seated) struct BusKeyCommandTests {
  private let folder: TemporaryFolder
  private var keyFile: String { folder.path("notifier-1.bus-key") }
  private var peers: String { folder.path("peers") }

  init() throws { folder = try TemporaryFolder("xtblish-bus-key") }

  private func run(
    _ arguments: String..., environment: [String: String] = [:]
  ) async throws -> (status: ProcessEnding, output: String) {
    let child = try ChildProcess(
      product("xtblish-notifier"), arguments, environment: environment, inheritsEnvironment: false)
    return (try await child.waitForExit(), child.output)
  }

  private func create(role: String = "notifier", name: String = "notifier-1") async throws -> (ProcessEnding, String) {
    try await run(
      "bus-key", "create", "--role", role, "--name", name, "--key-file", keyFile, "--peers-directory", peers)
  }

  @Test func aKeyIsMadeShownAndLetIn() async throws {
    let (status, output) = try await create()
    #expect(status == .exited(0), "\(output)")
    let key = try BusKey(file: keyFile)
    #expect(try PeerFolder(peers).read()[key.publicKey] == BusPeer(.notifier, "notifier-1"))
    #expect(output.contains(key.publicKey.text) && !output.contains(key.keyPair.secretText))

    let shown = try await run("bus-key", "show", "--key-file", keyFile, "--json")
    #expect(shown.status == .exited(0))
    let fields = try #require(try JSONSerialization.jsonObject(with: Data(shown.output.utf8)) as? [String: String])
    #expect(fields == ["role": "notifier", "name": "notifier-1", "publicKey": key.publicKey.text])
    let list = try await run("bus-key", "show", "--peers-directory", peers)
    #expect(list.output.contains("notifier-1") && list.output.contains(key.publicKey.text))
  }

  @Test func aSecondKeyDoesNotReplaceTheFirst() async throws {
    _ = try await create()
    let first = try BusKey(file: keyFile)
    let (status, output) = try await create()
    #expect(status == .exited(1) && output.contains("is there already"))
    #expect(try BusKey(file: keyFile).publicKey == first.publicKey)
    #expect(try PeerFolder(peers).read().all.count == 1)
  }

  @Test func aWrongRoleOrNameIsRefused() async throws {
    #expect(try await create(role: "king").0 == .exited(64))
    // A device's agent makes its own.
    #expect(try await create(role: "device").0 == .exited(64))
    #expect(try await create(name: "../../etc/cron.d/x").0 == .exited(64))
    #expect(!FileManager.default.fileExists(atPath: keyFile))
  }

  @Test func helpOffersTheRolesThatPeopleMakeKeysFor() async throws {
    let help = try await run("bus-key", "create", "--help").output
    #expect(help.contains("monitor") && !help.contains("device"), "\(help)")
  }

  @Test func aServiceWithoutAKeyDoesNotStartAndSaysHowToMakeOne() async throws {
    let checked = try await run("check-config")
    #expect(checked.status == .exited(78))
    for text in ["XTBLISH_BUS_KEY_FILE", "XTBLISH_BUS_PEERS_DIRECTORY", "bus-key create --role notifier"] {
      #expect(checked.output.contains(text), "\(checked.output)")
    }
    let served = try await run("serve", environment: ["XTBLISH_TLS_CERTIFICATE_FILE": "/nonexistent"])
    #expect(served.status == .exited(78))
  }

  @Test func checkConfigSaysThatTheCertificateIsMissing() async throws {
    _ = try await create(role: "notifier", name: "notifier-1")
    let keys = ["XTBLISH_BUS_KEY_FILE": keyFile, "XTBLISH_BUS_PEERS_DIRECTORY": peers]
    let checked = try await run("check-config", environment: keys)
    #expect(checked.status == .exited(78))
    for text in ["XTBLISH_TLS_CERTIFICATE_FILE", "certificate issue --authority DIRECTORY --service notifier-1"] {
      #expect(checked.output.contains(text), "\(checked.output)")
    }
    // With it, or told to do without, nothing is missing.
    let insecure = try await run("check-config", environment: keys.merging(["XTBLISH_INSECURE": "true"]) { $1 })
    #expect(insecure.status == .exited(0), "\(insecure.output)")
  }

  @Test func aServiceWithAnothersKeyDoesNotStart() async throws {
    _ = try await create(role: "operator", name: "lena")
    let served = try await run(
      "serve", environment: ["XTBLISH_BUS_KEY_FILE": keyFile, "XTBLISH_BUS_PEERS_DIRECTORY": peers])
    #expect(served.status == .exited(78))
    #expect(served.output.contains("names the key of operator:lena"), "\(served.output)")
  }

  @Test func aKeyThatOthersMayReadIsNotUsed() async throws {
    _ = try await create()
    chmod(keyFile, 0o644)
    let served = try await run(
      "serve", environment: ["XTBLISH_BUS_KEY_FILE": keyFile, "XTBLISH_BUS_PEERS_DIRECTORY": peers])
    #expect(served.status == .exited(78))
    #expect(served.output.contains("chmod 600"), "\(served.output)")
  }

  @Test func aCommandWithoutAKeySaysHowToGetOne() async throws {
    let asked = try await run("status")
    #expect(asked.status == .exited(78))
    #expect(asked.output.contains("--bus-key-file"), "\(asked.output)")
  }
}
