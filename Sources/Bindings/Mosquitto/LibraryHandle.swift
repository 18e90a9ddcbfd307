import CMosquitto
import Glibc

/// What the library told during a call.
enum LibrarySignal: Sendable {
  case connected(sessionPresent: Bool, reason: UInt8, limits: MQTTBrokerLimits)
  case disconnected(status: Int32)
  case answered(messageID: Int32, reason: MQTTReasonCode)
  case received(MQTTMessage)
}

/// What callbacks write and the caller of the library reads after each call, on the same thread.
final class SignalBox {
  var signals: [LibrarySignal] = []
  /// The newest error line of the library's log: the only place where it explains TLS failures.
  var detail = ""
}

/// One connection: a `struct mosquitto`, made for it and destroyed after it.
///
/// A new handle for each connection drops whatever the library would send again by itself.
///
/// `@unchecked Sendable` because it moves between two threads and is never used by both: the dialling
/// thread uses it until it hands it over under the lock of `ClientCore`, and then the network
/// thread alone does. The library itself is used unthreaded.
@safe final class LibraryHandle: @unchecked Sendable {
  private let pointer: OpaquePointer
  private let box: SignalBox
  private var isOpen = true

  /// A handle configured by the options and not connected yet.
  init(_ options: MQTTClientOptions) throws(MQTTError) {
    // Once for the process and never undone: undoing it while another client runs would pull
    // OpenSSL from under it.
    _ = Self.initialized
    let box = SignalBox()
    let retained = unsafe Unmanaged.passRetained(box)
    guard let pointer = unsafe mosquitto_new(options.clientID, options.cleanStart, retained.toOpaque()) else {
      let systemError = errno
      unsafe retained.release()
      throw MQTTError(
        status: MOSQ_ERR_ERRNO.rawValue, systemError: systemError, doing: "preparing an MQTT client")
    }
    unsafe self.pointer = pointer
    self.box = box
    do {
      try configure(options)
    } catch {
      close()
      throw error
    }
    unsafe Self.installCallbacks(pointer)
  }

  deinit {
    assert(!isOpen, "close() a LibraryHandle before letting it go")
  }

  /// Destroys the connection, without a goodbye if `disconnect` was not called. May be repeated.
  func close() {
    guard isOpen else { return }
    isOpen = false
    unsafe mosquitto_destroy(pointer)
    // No callback can come any more.
    unsafe Unmanaged.passUnretained(box).release()
  }

  private static let initialized: Int32 = mosquitto_lib_init()

  /// What the callbacks told since the last time.
  func takeSignals() -> [LibrarySignal] {
    defer { box.signals.removeAll(keepingCapacity: true) }
    return box.signals
  }

  var descriptor: Int32 { unsafe mosquitto_socket(pointer) }
  var wantsToWrite: Bool { unsafe mosquitto_want_write(pointer) }
  /// Whether TLS has bytes for `read()` that it took from the socket already: `poll` does not tell of them.
  var holdsInput: Bool { unsafe xtblish_mosquitto_holds_input(pointer) }

  // MARK: calls

  /// Resolves the host, connects, and sends CONNECT. Blocks for as long as the kernel tries.
  func connect(_ options: MQTTClientOptions) throws(MQTTError) {
    var properties: OpaquePointer?
    defer { unsafe mosquitto_property_free_all(&properties) }
    // Fails only without memory, and then so does connecting.
    unsafe mosquitto_property_add_int32(
      &properties, MQTT_PROP_SESSION_EXPIRY_INTERVAL.value, options.sessionExpirySeconds)
    unsafe mosquitto_property_add_int32(
      &properties, MQTT_PROP_MAXIMUM_PACKET_SIZE.value, options.maximumPacketBytes)
    let status = unsafe mosquitto_connect_bind_v5(
      pointer, options.host, Int32(options.port), Int32(options.keepAliveSeconds), nil, properties)
    try check(status, doing: "connecting to \(options.host):\(options.port)")
  }

  func publish(_ publication: Publication) throws(MQTTError) -> Int32 {
    var messageID: Int32 = 0
    var properties: OpaquePointer?
    defer { unsafe mosquitto_property_free_all(&properties) }
    if let expiry = publication.expirySeconds {
      unsafe mosquitto_property_add_int32(&properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL.value, expiry)
    }
    for property in publication.userProperties {
      unsafe mosquitto_property_add_string_pair(
        &properties, MQTT_PROP_USER_PROPERTY.value, property.name, property.value)
    }
    let status = unsafe publication.payload.withUnsafeBytes { bytes in
      unsafe mosquitto_publish_v5(
        pointer, &messageID, publication.topic, Int32(bytes.count), bytes.baseAddress,
        Int32(publication.qos.rawValue), publication.retain, properties)
    }
    try check(status, doing: "publishing to \(publication.topic)")
    return messageID
  }

  func subscribe(_ subscription: Subscription) throws(MQTTError) -> Int32 {
    var messageID: Int32 = 0
    let status = unsafe mosquitto_subscribe_v5(
      pointer, &messageID, subscription.filter, Int32(subscription.qos.rawValue),
      // What the broker keeps of a topic was delivered when this was first asked for.
      subscription.isRenewal ? Int32(bitPattern: MQTT_SUB_OPT_SEND_RETAIN_NEW.rawValue) : 0, nil)
    try check(status, doing: "subscribing to \(subscription.filter)")
    return messageID
  }

  func unsubscribe(filter: String) throws(MQTTError) -> Int32 {
    var messageID: Int32 = 0
    let status = unsafe mosquitto_unsubscribe_v5(pointer, &messageID, filter, nil)
    try check(status, doing: "unsubscribing from \(filter)")
    return messageID
  }

  func disconnect(reason: MQTTReasonCode) throws(MQTTError) {
    try check(unsafe mosquitto_disconnect_v5(pointer, Int32(reason.rawValue), nil), doing: "disconnecting")
  }

  func read() throws(MQTTError) {
    try check(unsafe mosquitto_loop_read(pointer, 1), doing: "reading from the broker")
  }

  func write() throws(MQTTError) {
    try check(unsafe mosquitto_loop_write(pointer, 1), doing: "writing to the broker")
  }

  /// Keep-alive; to be called about once a second.
  func maintain() throws(MQTTError) {
    try check(unsafe mosquitto_loop_misc(pointer), doing: "keeping the connection alive")
  }

  /// The error for a status that a callback told.
  func error(status: Int32) -> MQTTError {
    MQTTError(status: status, systemError: 0, doing: "connected to the broker", detail: box.detail)
  }

  private func check(_ status: Int32, doing action: @autoclosure () -> String) throws(MQTTError) {
    let systemError = errno
    guard status != MOSQ_ERR_SUCCESS.rawValue else { return }
    throw MQTTError(status: status, systemError: systemError, doing: action(), detail: box.detail)
  }

  private func configure(_ options: MQTTClientOptions) throws(MQTTError) {
    let action = "configuring the MQTT client"
    for (option, value) in [
      (MOSQ_OPT_PROTOCOL_VERSION, Int32(MQTT_PROTOCOL_V5)),
      // A small message must not wait for the acknowledgement of the one before.
      (MOSQ_OPT_TCP_NODELAY, 1),
      (MOSQ_OPT_RECEIVE_MAXIMUM, Int32(options.receiveMaximum)),
      (MOSQ_OPT_SEND_MAXIMUM, Int32(clamping: min(options.maximumInFlight, Int(UInt16.max)))),
    ] {
      try check(unsafe mosquitto_int_option(pointer, option, value), doing: action)
    }
    if let username = options.username {
      try check(unsafe mosquitto_username_pw_set(pointer, username, options.password), doing: action)
    }
    if let will = options.will {
      let status = unsafe will.payload.withUnsafeBytes { bytes in
        unsafe mosquitto_will_set_v5(
          pointer, will.topic, Int32(bytes.count), bytes.baseAddress, Int32(will.qos.rawValue), will.retain, nil)
      }
      try check(status, doing: "setting the will")
    }
    if let tls = options.tls {
      let status = unsafe mosquitto_tls_set(pointer, tls.caFile, nil, tls.certificateFile, tls.keyFile, nil)
      try check(status, doing: "reading the files for TLS")
      // The library takes the version for the least one.
      let verifyPeer: Int32 = 1
      try check(unsafe mosquitto_tls_opts_set(pointer, verifyPeer, "tlsv1.2", nil), doing: action)
    }
  }
}
