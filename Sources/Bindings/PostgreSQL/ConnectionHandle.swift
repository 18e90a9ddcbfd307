import CPostgreSQL
import Glibc

/// Owns a `PGconn` in non-blocking mode. Its calls block, so they belong on a thread of their own.
///
/// Not `Sendable`: its owner keeps it on one thread at a time.
@safe final class ConnectionHandle {
  /// Not nil: a method that breaks the connection leaves a PGconn whose status is bad.
  let pointer: OpaquePointer
  private let wake: WakeDescriptor
  private var isAbandoned = false
  var prepared = PreparedStatements()

  /// - Throws: `connectionFailed`, `cancelled` or `deadlineExceeded`.
  init(settings: PostgresSettings, wake: WakeDescriptor, watch: Watch) throws(PostgresError) {
    let keywords = settings.keywords.sorted { $0.key < $1.key }
    let names = unsafe keywords.map { unsafe strdup($0.key) } + [nil]
    let values = unsafe keywords.map { unsafe strdup($0.value) } + [nil]
    defer { unsafe (names + values).forEach { unsafe free($0) } }
    let pointer = unsafe PQconnectStartParams(
      names.map { unsafe UnsafePointer($0) }, values.map { unsafe UnsafePointer($0) }, 0)
    guard let pointer = unsafe pointer else {
      throw PostgresError(.connectionFailed, "no memory for a database connection")
    }
    unsafe self.pointer = unsafe pointer
    self.wake = wake
    // Notices would go to standard error.
    unsafe PQsetNoticeProcessor(pointer, { _, _ in }, nil)
    try finishConnecting(watch)
    guard unsafe PQsetnonblocking(pointer, 1) == 0 else { throw lastFailure(.connectionFailed) }
  }

  deinit {
    unsafe PQfinish(pointer)
  }

  private func finishConnecting(_ watch: Watch) throws(PostgresError) {
    var watch = watch
    var status = unsafe PQstatus(pointer) == CONNECTION_BAD ? PGRES_POLLING_FAILED : PGRES_POLLING_WRITING
    while status != PGRES_POLLING_OK {
      guard status != PGRES_POLLING_FAILED else { throw lastFailure(.connectionFailed) }
      switch watch.check(now: .now) {
      case .goOn(let until):
        if pollSocket(writing: status == PGRES_POLLING_WRITING, reading: status == PGRES_POLLING_READING, until: until)
        {
          status = unsafe PQconnectPoll(pointer)
        }
      case .requestCancel:
        if watch.interrupt.isTriggered { throw PostgresError(.cancelled, "connecting to the database was cancelled") }
        throw PostgresError(
          .connectionFailed,
          "the database at \(host) did not answer in time: check that it runs and that the network lets us through")
      case .giveUp(let reason):
        throw reason
      }
    }
  }

  private var host: String {
    let host = unsafe PQhost(pointer).map { unsafe String(cString: $0) } ?? ""
    let port = unsafe PQport(pointer).map { unsafe String(cString: $0) } ?? ""
    return "\(host.isEmpty ? "its socket" : host), port \(port),"
  }

  /// The error for a server that takes no changes.
  func readOnlyFailure(_ kind: PostgresError.Kind) -> PostgresError {
    var error = PostgresError(
      kind,
      "the database at \(host) takes no changes: it is a standby, or was made read-only; waiting for one that does")
    error.sqlState = .readOnlyTransaction
    return error
  }

  /// libpq's last complaint about this connection.
  func lastFailure(_ kind: PostgresError.Kind) -> PostgresError {
    unsafe PostgresError(kind, libpqMessage(PQerrorMessage(pointer)))
  }

  /// Gives the connection up, because its state is not known any more.
  func abandon(_ reason: PostgresError) -> PostgresError {
    isAbandoned = true
    return reason
  }

  var isBroken: Bool { unsafe isAbandoned || PQstatus(pointer) != CONNECTION_OK }

  /// False inside a transaction block, and while anything is unfinished.
  var isIdle: Bool { unsafe !isBroken && PQtransactionStatus(pointer) == PQTRANS_IDLE }

  /// Whether the server still holds its end, as far as can be told without sending anything.
  func checkAlive() -> Bool {
    while !isBroken && pollSocket(writing: false, reading: true, until: .now) {
      guard unsafe PQconsumeInput(pointer) != 0 else { return false }
      // A server that shuts down says so before it closes: an error out of turn, and nothing else
      // comes unasked on these connections.
      if unsafe PQisBusy(pointer) == 0, let result = unsafe PQgetResult(pointer) {
        unsafe PQclear(result)
        return false
      }
    }
    return !isBroken
  }

  /// Waits until the socket can be read, or written if `writing`.
  ///
  /// - Throws: the watch's reason, once the server had its chance to answer a cancel request.
  func awaitSocket(writing: Bool, _ watch: inout Watch) throws(PostgresError) {
    while true {
      switch watch.check(now: .now) {
      case .goOn(let until):
        if pollSocket(writing: writing, reading: true, until: until) { return }
      case .requestCancel(let giveUpAt):
        requestCancel(until: giveUpAt)
      case .giveUp(let reason):
        throw abandon(reason)
      }
    }
  }

  /// A cancel request never hits a later statement of this connection: there is none before it has ended, or ever.
  private func requestCancel(until giveUpAt: ContinuousClock.Instant) {
    guard let request = unsafe CancelRequest.send(for: pointer) else { return }
    if !request.hasEnded(by: giveUpAt) { isAbandoned = true }
  }

  /// True if the socket is ready or broken, false if woken, interrupted by a signal or timed out.
  func pollSocket(writing: Bool, reading: Bool, until: ContinuousClock.Instant) -> Bool {
    let events = (reading ? POLLIN : 0) | (writing ? POLLOUT : 0)
    var descriptors = [
      unsafe pollfd(fd: PQsocket(pointer), events: Int16(events), revents: 0),
      pollfd(fd: wake.descriptor, events: Int16(POLLIN), revents: 0),
    ]
    let left = max(.zero, ContinuousClock.now.duration(to: until))
    // Rounded up, so that the deadline has passed when the wait ends.
    let milliseconds = min(left.components.seconds, 86_400) * 1000 + left.components.attoseconds / 1_000_000_000_000_000
    let timeout = CInt(milliseconds) + (left == .zero ? 0 : 1)
    guard unsafe poll(&descriptors, 2, timeout) > 0 else { return false }
    if descriptors[1].revents != 0 { wake.drain() }
    return descriptors[0].revents != 0
  }
}
