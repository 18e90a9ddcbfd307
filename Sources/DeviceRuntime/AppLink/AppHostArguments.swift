/// What the agent starts an app's process with, and what the process reads of it.
package struct AppHostArguments: Sendable, Equatable {
  /// The hidden first argument that makes the device's program become an app's process.
  package static let subcommand = "app-host"
  /// What people are told who start the process with other arguments.
  package static let usage =
    "usage: app-host ENDPOINT AGENT-PID [USER-ID GROUP-ID]; the device's agent starts this by itself"

  /// Where the agent waits for the process: an endpoint of ZeroMQ.
  package var endpoint: String
  /// The agent's process ID. The app's process ends with the agent.
  package var agent: Int32
  /// Whom the process is to become before it looks at the module; nil: it stays who it is.
  package var user: AppUser?

  package init(endpoint: String, agent: Int32, user: AppUser?) {
    self.endpoint = endpoint
    self.agent = agent
    self.user = user
  }

  /// Reads the arguments.
  ///
  /// - Parameter arguments: what follows `subcommand`.
  /// - Returns: nil if they are something else.
  package init?(_ arguments: [String]) {
    let numbers = arguments.dropFirst().map { UInt32($0) }
    guard [2, 4].contains(arguments.count), !numbers.contains(nil) else { return nil }
    let ids = numbers.compactMap { $0 }
    self.init(
      endpoint: arguments[0], agent: Int32(bitPattern: ids[0]),
      user: ids.count == 3 ? AppUser(userID: ids[1], groupID: ids[2]) : nil)
  }

  /// The program's arguments, `subcommand` first.
  package var list: [String] {
    [Self.subcommand, endpoint, "\(agent)"] + (user.map { ["\($0.userID)", "\($0.groupID)"] } ?? [])
  }
}

/// The exit statuses of an app's process. What became of the app is told in a message.
package enum AppHostExit {
  /// The process has said all that it was to say.
  package static let done: Int32 = 0
  /// There is nobody to talk to.
  package static let noAgent: Int32 = 69
  /// Somebody other than the agent started it.
  package static let wrongArguments: Int32 = 64
}
