import Glibc

/// How to reach a broker and how much a client may hold. The broker is at `host`, a name or an address, and `port`,
/// which is not 0. `username` and `password` are what the broker asks of clients without certificates; nil: not sent.
package struct MQTTClientOptions: Sendable {
  package var host: String
  package var port: UInt16
  /// Unique among all clients of the broker: a second client with it takes over the session.
  package var clientID: String

  /// Seconds without traffic after which the broker is asked for a sign of life, 5…65,535.
  package var keepAliveSeconds: UInt16 = 15
  /// True: the broker forgets what it kept for this client ID.
  package var cleanStart = true
  /// Seconds for which the broker keeps session and queued messages after the connection ends.
  package var sessionExpirySeconds: UInt32 = 0
  /// What the broker publishes for this client when the connection ends without a goodbye; nil: nothing.
  package var will: MQTTWill?
  package var username: String?
  package var password: String?
  /// Files for TLS; nil: the connection is not encrypted.
  package var tls: MQTTTLS?

  /// The time from the start of connecting until the broker's CONNACK.
  package var connectTimeout: Duration = .seconds(10)
  /// The wait before the second attempt; doubles with each failure. The wait that is really made
  /// is between half of it and all of it, at random, so that a fleet does not come back at once.
  package var reconnectInitialDelay: Duration = .milliseconds(250)
  /// The longest wait between two attempts.
  package var reconnectMaximumDelay: Duration = .seconds(30)

  /// Publishes that were handed to the network and are not acknowledged yet. The broker's own receive maximum lowers
  /// it.
  package var maximumInFlight = 64
  /// Requests that wait for their turn; one more is refused as overloaded.
  package var maximumQueued = 4_096
  /// QoS 1 messages that the broker may send without having our acknowledgement.
  package var receiveMaximum: UInt16 = 64
  /// The largest packet in bytes: the broker is told to drop what is larger for us, and a payload of ours that is
  /// larger is refused.
  var maximumPacketBytes: UInt32 = 256 * 1024
  /// Messages that wait for `messages` to be read; see `MQTTIncomingOverflow`.
  package var maximumIncomingMessages = 1_024
  /// Bytes of payload and topic of the messages that wait.
  package var maximumIncomingBytes = 4 * 1024 * 1024
  /// What happens when one of the two bounds on waiting messages is reached.
  package var incomingOverflow: MQTTIncomingOverflow = .pauseReading

  package init(host: String, port: UInt16, clientID: String) {
    self.host = host
    self.port = port
    self.clientID = clientID
  }
}

/// What happens when `messages` is not read fast enough and its bound is reached.
package enum MQTTIncomingOverflow: Sendable {
  /// The socket is not read until half of the room is free again, so the broker keeps the rest (up
  /// to its own limit). Acknowledgements of publishes wait behind the messages: a reader must not
  /// wait for a publish of the same client. A pause longer than the keep-alive ends the connection,
  /// and it is made again.
  ///
  /// The bound may be passed by as many messages as publishes are in flight, because the library
  /// reads that many packets in one go.
  case pauseReading
  /// The oldest message gives way, and is counted in `droppedMessages`. For messages of which
  /// only the newest matters, or whose senders repeat them.
  case dropOldest
}

/// What the broker publishes in this client's name when the connection ends without a goodbye: `payload` on `topic`,
/// which has no wildcards, with `qos`, and kept for later subscribers if `retain` is true.
package struct MQTTWill: Sendable {
  package var topic: String
  package var payload: [UInt8]
  package var qos: MQTTQualityOfService
  package var retain: Bool

  package init(topic: String, payload: [UInt8], qos: MQTTQualityOfService, retain: Bool) {
    self.topic = topic
    self.payload = payload
    self.qos = qos
    self.retain = retain
  }
}

/// PEM files for TLS, of which 1.2 is the least that is spoken. The broker's host must be in its certificate.
///
/// The files are read anew for each connection: after a renewal, `MQTTClient.reconnect()` uses the new ones.
package struct MQTTTLS: Sendable, Equatable {
  /// Certificates of the authorities that the broker's certificate may come from; no others are trusted.
  package var caFile: String
  /// The file with this client's certificate, followed by those of its issuers up to the root. It is given together
  /// with `keyFile`, or both are nil.
  package var certificateFile: String?
  /// The file with the certificate's private key.
  package var keyFile: String?

  package init(caFile: String, certificateFile: String? = nil, keyFile: String? = nil) {
    self.caFile = caFile
    self.certificateFile = certificateFile
    self.keyFile = keyFile
  }
}

extension MQTTClientOptions {
  /// Checks everything that can be checked without the broker.
  func validate() throws(MQTTError) {
    try MQTTTopic.validate(text: host, what: "host")
    try MQTTTopic.validate(text: clientID, what: "client ID")
    guard port > 0 else { throw MQTTError(.invalid, "the broker's port must not be 0") }
    guard keepAliveSeconds >= 5 else {
      throw MQTTError(.invalid, "a keep-alive of \(keepAliveSeconds) s is too short: the least is 5")
    }
    guard maximumInFlight > 0, maximumQueued > 0, receiveMaximum > 0, maximumPacketBytes > 0,
      maximumIncomingMessages > 0, maximumIncomingBytes > 0
    else { throw MQTTError(.invalid, "every limit of an MQTT client must be at least 1") }
    if let will {
      try MQTTTopic.validate(name: will.topic)
      guard will.payload.count <= MQTTTopic.maximumBytes else {
        throw MQTTError(.invalid, "the payload of the will has more than \(MQTTTopic.maximumBytes) bytes")
      }
    }
    if let username { try MQTTTopic.validate(text: username, what: "user name") }
    if password != nil, username == nil {
      throw MQTTError(.invalid, "a password needs a user name beside it")
    }
    if let password { try MQTTTopic.validate(text: password, what: "password") }
    if let tls { try tls.validate() }
  }
}

extension MQTTTLS {
  fileprivate func validate() throws(MQTTError) {
    guard (certificateFile == nil) == (keyFile == nil) else {
      throw MQTTError(.invalid, "a client certificate and its key go together: give both or neither")
    }
    for (what, path) in [
      ("authority", caFile), ("certificate", certificateFile), ("key", keyFile),
    ] {
      guard let path else { continue }
      // The library answers only "invalid arguments" for a file it cannot open.
      guard !path.utf8.contains(0), unsafe access(path, R_OK) == 0 else {
        throw MQTTError(.tls, "the \(what) file \(path) can't be read: check path and permissions")
      }
    }
  }
}
