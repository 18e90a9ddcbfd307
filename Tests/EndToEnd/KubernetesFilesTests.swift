import TestSupport
import Testing

extension EndToEnd {
  @Suite(.seated, .serialized)
  struct KubernetesFilesTests {
    /// Each overlay and component, as kustomize renders it, fits three releases of Kubernetes and the profile "restricted";
    /// what policies, Services and volumes name is there.
    @Test(arguments: ["kubernetes.py", "kubernetes_faults.py"])
    func kubernetesFilesAreRightAndFaultsInThemAreFound(script: String) async throws {
      let result = try await command(
        try PythonEnvironment.interpreter(), ["\(Stack.package)/Tests/Deployment/\(script)"],
        environment: ["XTBLISH_BINARIES": try productsDirectory()], within: .seconds(300))
      #expect(result.status == 0, "\(result.output)\(result.errors)")
    }
  }
}
