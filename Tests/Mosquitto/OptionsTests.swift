import Foundation
import Mosquitto
import TestSupport
import Testing

@Suite(.seated) struct OptionsTests {
  private func refusal(_ change: (inout MQTTClientOptions) -> Void) -> MQTTError? {
    var options = MQTTClientOptions(host: "127.0.0.1", port: 1_883, clientID: "options")
    change(&options)
    return #expect(throws: MQTTError.self) { _ = try MQTTClient(options: options) }
  }

  @Test func wrongOptionsAreRefusedBeforeAnythingRuns() {
    #expect(refusal { $0.host = "" }?.message.contains("host is empty") == true)
    #expect(refusal { $0.host = "a\0b" }?.message.contains("U+0000") == true)
    #expect(refusal { $0.port = 0 }?.message.contains("port") == true)
    #expect(refusal { $0.clientID = "" }?.message.contains("client ID is empty") == true)
    #expect(refusal { $0.keepAliveSeconds = 4 }?.message.contains("least is 5") == true)
    #expect(refusal { $0.maximumInFlight = 0 }?.code == .invalid)
    #expect(refusal { $0.password = "p" }?.message.contains("user name") == true)
    #expect(
      refusal { $0.will = MQTTWill(topic: "a/#", payload: [], qos: .atMostOnce, retain: false) }?.message
        .contains("wildcard") == true)
    #expect(
      refusal {
        $0.will = MQTTWill(topic: "a", payload: .init(repeating: 0, count: 70_000), qos: .atMostOnce, retain: false)
      }?.code == .invalid)
  }

  @Test func missingFilesForTLSAreNamed() throws {
    let folder = try TemporaryFolder()
    #expect(
      refusal { $0.tls = MQTTTLS(caFile: folder.path("none.pem")) }?.message
        .contains(folder.path("none.pem")) == true)
    let file = folder.path("ca.pem")
    try Data("x".utf8).write(to: URL(fileURLWithPath: file))
    #expect(
      refusal { $0.tls = MQTTTLS(caFile: file, certificateFile: file) }?.message
        .contains("go together") == true)
  }

  @Test func aFileThatIsNoCertificateIsTold() async throws {
    let server = try await MosquittoServer()
    let folder = try TemporaryFolder()
    let file = folder.path("ca.pem")
    try Data("this is no certificate".utf8).write(to: URL(fileURLWithPath: file))
    let client = try server.client { $0.tls = MQTTTLS(caFile: file) }
    let event = try await within("an event") { await client.events.first { _ in true } }
    guard case .disconnected(let error)? = event else {
      Issue.record("\(String(describing: event)) instead of a TLS error")
      return
    }
    #expect(error.code == .tls, "\(error)")
    await client.close()
  }
}
