/// Why something asked of the broker was not done, or why nobody can tell whether it was.
package struct MQTTError: Error, Sendable, Equatable {
  /// What kind of failure it is, for code that decides what to do next.
  package enum Code: Sendable, Equatable {
    /// A topic, filter, payload or option that MQTT or the library would not take. Nothing was sent.
    case invalid
    /// More bytes than this client or the broker takes in one packet. Nothing was sent.
    case tooLarge
    /// There is no connection at this moment. Nothing was sent.
    case notConnected
    /// Too many requests wait already. Nothing was sent.
    case overloaded
    /// The broker did not answer in time.
    case timedOut
    /// The connection broke before the answer came.
    case connectionLost
    /// The waiting task was cancelled.
    case cancelled
    /// The broker answered with a failure: see `reasonCode`.
    case refused
    /// The client was closed.
    case closed
    /// The host could not be found, or does not accept connections there.
    case connectFailed
    /// A certificate, key or handshake is wrong.
    case tls
    /// The library failed in a way that has no better name.
    case library
  }

  /// The kind of failure.
  package let code: Code

  /// What happened and what to do, for people.
  package let message: String

  /// What the broker answered, if the code is `.refused`, and why it ended the connection, if it said so.
  package let reasonCode: MQTTReasonCode?

  /// Whether the broker may have the message although the call failed, so that sending it again may double it.
  package let mayHaveArrived: Bool

  package init(
    _ code: Code, _ message: String, reasonCode: MQTTReasonCode? = nil, mayHaveArrived: Bool = false
  ) {
    self.code = code
    self.message = message
    self.reasonCode = reasonCode
    self.mayHaveArrived = mayHaveArrived
  }

  /// The same, told of a request that ends with its connection: whatever ended that, the request itself was not judged.
  func endingConnection() -> MQTTError {
    MQTTError(.connectionLost, message, reasonCode: reasonCode, mayHaveArrived: mayHaveArrived)
  }

  /// The same error, told of a request that had been handed to the network.
  func afterSending() -> MQTTError {
    MQTTError(code, message, reasonCode: reasonCode, mayHaveArrived: true)
  }
}

extension MQTTError: CustomStringConvertible {
  package var description: String { message }
}
