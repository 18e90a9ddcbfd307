import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.seated, .serialized)
  struct DeploymentFilesTests {
    static let validator = "\(Stack.package)/Tests/Deployment/validate.py"

    @Test("the Compose file, the Kubernetes base and the Dockerfile fit their schemas")
    func valid() async throws {
      let result = try await command(try PythonEnvironment.interpreter(), [Self.validator])
      #expect(result.status == 0, "\(result.output)\(result.errors)")
    }

    @Test(
      "a wrong file is noticed",
      arguments: [
        ("compose.yaml", "image: postgres:15", "imagee: postgres:15"),
        ("compose.yaml", "eclipse-mosquitto:2.0", "eclipse-mosquitto:2"),
        ("compose.yaml", "        - -h\n", "        - --host\n"),
        ("compose.yaml", "        - --cafile\n", "        - --cafile=/mosquitto/keys/ca.pem\n"),
        ("compose.yaml", "condition: service_completed_successfully", "condition: service_started"),
        ("kubernetes/mosquitto.yaml", "eclipse-mosquitto:2.0", "eclipse-mosquitto:latest"),
        ("kubernetes/mosquitto.yaml", "/mosquitto/config/devices.acl\n", "/mosquitto/config\n"),
        ("compose.yaml", "condition: service_healthy", "condition: service_happy"),
        ("kubernetes/registry.yaml", "containerPort: 7101", "containerPort: \"http\""),
        ("kubernetes/registry.yaml", "readinessProbe:", "readynessProbe:"),
        ("kubernetes/notifier.yaml", "name: notifier-rpc", "name: notifier-bus"),
        ("kubernetes/mosquitto.yaml", "autosave_interval 5", "autosave_interval 6"),
        ("kubernetes/mosquitto.yaml", "            - --provisioner=https://provisioner:7111\n", ""),
        ("mosquitto/services.acl", "topic write /firmware/#", "topic readwrite /firmware/#"),
        ("kubernetes/kustomization.yaml", "  - postgres.yaml\n", ""),
      ])
    func noticesFaults(file: String, text: String, replacement: String) async throws {
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
