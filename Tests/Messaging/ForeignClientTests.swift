import Messaging
import Synchronization
import TestSupport
import Testing
import Wire

/// A program in another language, with nothing but the `.proto` files.
@Suite struct ForeignClientTests {
  @Test func aPythonProgramCallsAService() async throws {
    let folder = try TemporaryFolder()
    let protocols = "\(packageDirectory())/Sources/Shared/Wire/Protocols"
    let compiler = try ChildProcess(
      "protoc", ["--proto_path=\(protocols)", "--python_out=\(folder.path)", "xtblish/v1/envelope.proto"])
    #expect(try await compiler.waitForExit() == .exited(0), "\(compiler.output)")

    let traces = Recorder<String>()
    var router = RPCRouter()
    router.handle(WireGetStatus.self) { _, context in
      traces.record([context.traceParent])
      var status = WireServiceStatus()
      status.service = "registry"
      status.ready = true
      status.figures = ["outbox.pending": 42]
      return status
    }
    try await withServer(router: router) { _, endpoint in
      let program = try ChildProcess(
        PythonEnvironment.interpreter(),
        ["\(packageDirectory())/Tests/Messaging/python/call.py", folder.path, endpoint])
      #expect(try await program.waitForExit(within: .seconds(60)) == .exited(0), "\(program.output)")
      #expect(
        program.output == """
          service registry ready True pending 42.0
          failure CODE_UNSUPPORTED unknown-kind
          failure CODE_UNSUPPORTED unsupported-envelope

          """)
    }
    #expect(traces.elements == ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
  }
}
