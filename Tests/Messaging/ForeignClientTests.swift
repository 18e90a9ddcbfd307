import Foundation
import Messaging
import Synchronization
import TestSupport
import Testing
import Wire
import ZeroMQ

/// A program in another language, with nothing but the `.proto` files.
@Suite(.seated) struct ForeignClientTests {
  @Test func aPythonProgramCallsAService() async throws {
    let folder = try TemporaryFolder()
    let protocols = "\(packageDirectory())/Sources/Shared/Wire/Protocols"
    let compiler = try ChildProcess(
      "protoc",
      [
        "--proto_path=\(protocols)", "--python_out=\(folder.path)", "xtblish/v1/access.proto",
        "xtblish/v1/envelope.proto",
      ])
    #expect(try await compiler.waitForExit() == .exited(0), "\(compiler.output)")

    let traces = Recorder<String>()
    var router = RPCRouter()
    router.handle(WireGetStatus.self, allowing: .all) { _, context in
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
      #expect(try await program.waitForExit() == .exited(0), "\(program.output)")
      #expect(
        program.output == """
          service registry ready True pending 42.0
          failure CODE_UNSUPPORTED unknown-kind
          failure CODE_UNSUPPORTED unsupported-envelope

          """)
    }
    #expect(traces.elements == ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
  }

  @Test func aPythonProgramWithoutAKnownKeyGetsNothing() async throws {
    let bus = try TestBus()
    let folder = try TemporaryFolder()
    let protocols = "\(packageDirectory())/Sources/Shared/Wire/Protocols"
    let compiler = try ChildProcess(
      "protoc",
      [
        "--proto_path=\(protocols)", "--python_out=\(folder.path)", "xtblish/v1/access.proto",
        "xtblish/v1/envelope.proto",
      ])
    #expect(try await compiler.waitForExit() == .exited(0), "\(compiler.output)")
    let server = try bus.makeKey(.registry, "registry-1")
    for role in [BusRole.operator, .monitor] {
      let secret = try bus.makeKey(role, "python").key.keyPair.secretText
      try secret.write(toFile: folder.path("\(role.rawValue).key"), atomically: true, encoding: .utf8)
    }

    let senders = Recorder<BusPeer?>()
    var router = RPCRouter()
    router.handle(Idempotent.self, allowing: .operator) { request, context in
      senders.record([context.peer])
      return request
    }
    try await withServer(on: bus.join(server).transport, router: router) { _, endpoint in
      let program = try ChildProcess(
        PythonEnvironment.interpreter(),
        [
          "\(packageDirectory())/Tests/Messaging/python/strangers.py", folder.path, endpoint,
          server.key.publicKey.text, folder.path,
        ])
      #expect(try await program.waitForExit() == .exited(0), "\(program.output)")
      #expect(
        program.output == """
          a known key gets answer
          a plain client gets nothing
          an unknown key gets nothing
          a client that expects another server gets nothing
          the wrong role gets role-not-allowed
          the owner of a name gets answer
          the thief of a name gets role-not-allowed

          """)
    }
    #expect(senders.elements == [BusPeer(.operator, "python"), BusPeer(.operator, "python")])
  }
}
