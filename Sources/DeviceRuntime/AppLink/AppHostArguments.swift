/// What the agent starts an app's process with, and what the process reads of it.
package struct AppHostArguments: Sendable, Equatable {
  /// What people are told who start the process with other arguments.
  package static let usage =
    "usage: xtblish-app-host ENDPOINT AGENT-PID [USER-ID GROUP-ID]; the device's agent starts this by itself"

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
  /// - Parameter arguments: what follows the program's name.
  /// - Returns: nil if they are something else.
  package init?(_ arguments: [String]) {
    let numbers = arguments.dropFirst().map { UInt32($0) }
    guard [2, 4].contains(arguments.count), !numbers.contains(nil) else { return nil }
    let ids = numbers.compactMap { $0 }
    self.init(
      endpoint: arguments[0], agent: Int32(bitPattern: ids[0]),
      user: ids.count == 3 ? AppUser(userID: ids[1], groupID: ids[2]) : nil)
  }

  /// What follows the program's name.
  package var list: [String] {
    [endpoint, "\(agent)"] + (user.map { ["\($0.userID)", "\($0.groupID)"] } ?? [])
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
