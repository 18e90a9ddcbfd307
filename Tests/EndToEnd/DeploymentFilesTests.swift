import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.seated, .serialized)
  struct DeploymentFilesTests {
    static let validator = "\(Stack.package)/Tests/Deployment/validate.py"
    static let brokerCheck = "\(Stack.package)/Tests/Deployment/broker.py"

    /// The Compose file and the Dockerfile fit their schemas.
    @Test
    func filesForContainersFitTheirSchemas() async throws {
      let result = try await command(try PythonEnvironment.interpreter(), [Self.validator])
      #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    /// A broker with the shipped configuration takes those whom each listener is for, and nobody else.
    @Test
    func theShippedBrokerTakesThoseWhomEachListenerIsFor() async throws {
      let result = try await command(
        try PythonEnvironment.interpreter(), [Self.brokerCheck],
        environment: ["XTBLISH_BINARIES": try productsDirectory()])
      #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    /// As a ConfigMap is mounted into a container.
    @Test(
      "a folder of peers that everybody may write to is taken where it is mounted read-only",
      .enabled(if: geteuid() == 0))
    func peersMountedReadOnly() async throws {
      let folder = try TemporaryFolder("xtblish-peers")
      let (registry, key, peers) = (try product("xtblish-registry"), folder.path("lena.bus-key"), folder.path("peers"))
      for (role, file) in [("operator", key), ("registry", folder.path("registry.bus-key"))] {
        try await mustSucceed(
          registry,
          ["bus-key", "create", "--role", role, "--name", "lena", "--key-file", file, "--peers-directory", peers])
      }
      chmod(peers, 0o777)
      let settings = ["XTBLISH_BUS_KEY_FILE": key, "XTBLISH_BUS_PEERS_DIRECTORY": peers]
      let ask = ["status", "--endpoint", "tcp://127.0.0.1:9"]
      let refused = try await command(registry, ask, environment: settings)
      #expect(refused.status == 78 && refused.errors.contains("anybody may write to the folder of peers"))
      let mount = #"mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@""#
      let taken = try await command(
        "unshare", ["--mount", "--propagation", "private", "sh", "-c", mount, peers, registry] + ask,
        environment: settings)
      // It gets as far as to find nobody at the endpoint.
      #expect(taken.status == 69, "\(taken.errors)")
    }

    @Test(
      "a wrong file is noticed",
      arguments: [
        ("compose.yaml", "image: postgres:15", "imagee: postgres:15"),
        ("compose.yaml", "eclipse-mosquitto:2.0", "eclipse-mosquitto:2"),
        ("mosquitto/health", "-h localhost", "--host localhost"),
        ("mosquitto/health", "--cafile $keys", "--cafile=$keys"),
        ("compose.yaml", "condition: service_completed_successfully", "condition: service_started"),
        ("compose.yaml", "<<: [*once, *container, *tools]", "<<: [*container, *once, *tools]"),
        ("compose.yaml", "  read_only: true\n", ""),
        ("compose.yaml", "      max-size: 10m\n", ""),
        ("compose.yaml", "  pids_limit: 256\n", ""),
        ("compose.yaml", "stop_grace_period: 45s", "stop_grace_period: 20s"),
        ("compose.yaml", "POSTGRES_PASSWORD_FILE: /keys/password", "POSTGRES_PASSWORD: secret"),
        ("compose.yaml", "      - provisioner-keys:/keys:ro,nocopy\n", "      - root-keys:/keys:ro,nocopy\n"),
        ("compose.yaml", "images:/var/lib/xtblish/images:nocopy", "images:/var/lib/xtblish/images"),
        ("compose.yaml", "      - images:/volumes/images\n", ""),
        ("compose.yaml", "    entrypoint: [\"xtblish-notifier\", \"serve\"]\n", "    container_name: notifier\n"),
        ("compose.yaml", "user: \"10001:1883\"", "user: \"10001:10001\""),
        ("compose.yaml", "\"--host=127.0.0.1\", ", ""),
        ("compose.yaml", "condition: service_healthy", "condition: service_happy"),
      ])
    func aFaultInADeploymentFileIsFound(file: String, text: String, replacement: String) async throws {
      let folder = try TemporaryFolder("xtblish-deploy")
      try await mustSucceed("cp", ["-r", "\(Stack.package)/deploy/.", folder.path])
      let url = URL(fileURLWithPath: folder.path(file))
      let original = try String(contentsOf: url, encoding: .utf8)
      #expect(original.contains(text))
      try original.replacingOccurrences(of: text, with: replacement).write(to: url, atomically: true, encoding: .utf8)
      let result = try await command(try PythonEnvironment.interpreter(), [Self.validator, folder.path])
      #expect(result.status == 1, "\(result.output)\(result.errors)")
      #expect(!result.output.isEmpty)
    }
  }
}
