import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOPosix
package import ServiceKit
import TextFormats

/// Asks the operations server of a service on the same machine how it is, as probes of containers do.
package struct OperationsProbe: Sendable {
  /// What is asked for, by its path.
  package enum Question: String, Sendable {
    /// Whether it answers at all.
    case liveness = "/livez"
    /// Whether it can do its work.
    case readiness = "/readyz"
  }

  /// An answer of either question is far smaller.
  private static let maximumAnswerBytes = 64 << 10

  private struct Answer: Sendable {
    var status = 0
    var body: [UInt8] = []
  }

  private let service: String
  private let address: ListenAddress
  private let deadline: Duration

  /// - Parameters:
  ///   - service: its name: `registry`.
  ///   - listen: where its operations server listens, as its settings say.
  ///   - deadline: the time for all of it.
  package init(service: String, listen: ListenAddress, deadline: Duration = .seconds(3)) {
    self.service = service
    switch listen.host {
    // They stand for every address of the machine, of which loopback is one.
    case "0.0.0.0": address = ListenAddress(host: "127.0.0.1", port: listen.port)
    case "::": address = ListenAddress(host: "::1", port: listen.port)
    default: address = listen
    }
    self.deadline = deadline
  }

  /// Asks, and returns when the answer is yes.
  ///
  /// - Throws: `AdminError` with a line that says which check failed, or why there was no answer.
  package func ask(_ question: Question) async throws {
    guard address.port != 0 else {
      throw AdminError("\(variable) asks for any free port, so nobody can know it: set a port", status: .configuration)
    }
    let answer: Answer?
    do {
      answer = try await withinDeadline { try await exchange(question) }
    } catch is CancellationError {
      throw CancellationError()
    } catch {
      throw AdminError(
        "the \(service) does not answer at \(address): it is not running, or \(variable) is not what serve has",
        status: .unavailable)
    }
    guard let answer else {
      throw AdminError(
        "the \(service) did not answer at \(address) within \(HumanText.duration(deadline))", status: .unavailable)
    }
    guard answer.status != 200 else { return }
    guard question == .readiness, answer.status == 503,
      let told = try? JSONCoding.decode(ReadinessAnswer.self, from: answer.body)
    else {
      throw AdminError(
        "what answers at \(address) is not the \(service): status \(answer.status) for \(question.rawValue)",
        status: .unavailable)
    }
    let failed = told.checks.filter { !$0.ready }.map { $0.detail.isEmpty ? $0.name : "\($0.name): \($0.detail)" }
    throw AdminError(
      PlainText.escaped("the \(service) is not ready: \(failed.joined(separator: "; "))"), status: .unavailable)
  }

  private var variable: String { SettingName.environment(forKey: "\(service).operations.listen") }

  /// Nil when the time was up first.
  private func withinDeadline(_ work: @escaping @Sendable () async throws -> Answer) async throws -> Answer? {
    try await withThrowingTaskGroup(of: Answer?.self) { group in
      group.addTask { try await work() }
      group.addTask { [deadline] in
        try await Task.sleep(for: deadline)
        return nil
      }
      defer { group.cancelAll() }
      return try await group.next() ?? nil
    }
  }

  private func exchange(_ question: Question) async throws -> Answer {
    let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .connectTimeout(TimeAmount(deadline))
      .connect(host: address.host, port: address.port) { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHTTPClientHandlers()
          try channel.pipeline.syncOperations.addHandler(HTTP1ToHTTPClientCodec())
          return try NIOAsyncChannel<HTTPResponsePart, HTTPRequestPart>(wrappingChannelSynchronously: channel)
        }
      }
    return try await channel.executeThenClose { inbound, outbound in
      try await outbound.write(
        .head(HTTPRequest(method: .get, scheme: "http", authority: "\(address)", path: question.rawValue)))
      try await outbound.write(.end(nil))
      var answer = Answer()
      for try await part in inbound {
        switch part {
        case .head(let head): answer.status = head.status.code
        case .body(let piece):
          guard answer.body.count + piece.readableBytes <= Self.maximumAnswerBytes else { throw IncompleteAnswer() }
          answer.body += piece.readableBytesView
        case .end: return answer
        }
      }
      throw IncompleteAnswer()
    }
  }
}

/// The connection ended before the answer did, or the answer does not end.
private struct IncompleteAnswer: Error {}
