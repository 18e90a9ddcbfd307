package import Logging
package import Messaging
import ServiceLifecycle
import Wire

/// Keeps a revocation list as the Provisioner has it.
package struct RevocationFollower: Service {
  private let list: RevocationList
  private let provisioner: any RPCCaller
  private let logger: Logger
  /// How long the Provisioner may wait for news, the most that it takes.
  private static let wait = Duration.seconds(5)
  private static let deadline = Duration.seconds(8)
  /// After a failure: well below the time in which a revocation must have come through.
  private static let pause = Duration.milliseconds(500)

  package init(list: RevocationList, provisioner: any RPCCaller, logger: Logger) {
    self.list = list
    self.provisioner = provisioner
    self.logger = logger
  }

  package func run() async throws {
    await cancelWhenGracefulShutdown { await follow() }
  }

  private func follow() async {
    var state: UInt64?
    var isFailing = false
    while !Task.isCancelled {
      var request = WireGetRevocations()
      // Zero is no state, so the first answer comes at once.
      request.knownState = state ?? 0
      request.waitMilliseconds = state == nil ? 0 : UInt32(Self.wait / .milliseconds(1))
      do {
        let answer = try await provisioner.call(request, deadline: Self.deadline)
        // The same state too: lists are made anew before they run out.
        try list.replace(with: answer.crls.map(Array.init))
        if isFailing || state == nil {
          logger.info("revocations known", metadata: ["lists": "\(answer.crls.count)", "state": "\(answer.state)"])
        }
        state = answer.state
        isFailing = false
      } catch {
        guard !Task.isCancelled else { return }
        if !isFailing { logger.warning("revocations can't be asked for", metadata: ["error": "\(error)"]) }
        isFailing = true
        // Another replica of the Provisioner, or the same after a restart, may count anew.
        state = nil
        try? await Task.sleep(for: Self.pause)
      }
    }
  }
}
