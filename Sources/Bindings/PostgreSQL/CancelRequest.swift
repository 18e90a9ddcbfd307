import CPostgreSQL
import Glibc

/// Asks the server to cancel what a connection runs.
///
/// libpq's call for it waits without an end for a server that stands still, or that a broken network keeps away, so it
/// has a thread of its own. That thread may outlive the connection.
@safe final class CancelRequest: Sendable {
  /// The address of libpq's `PGcancel`, which the thread alone uses and frees.
  private let address: UInt
  private let end: WakeDescriptor

  private init(address: UInt, end: WakeDescriptor) {
    self.address = address
    self.end = end
  }

  /// Begins to send a request; nil if it can't be sent, and then the statement goes on.
  static func send(for connection: OpaquePointer) -> CancelRequest? {
    guard let end = try? WakeDescriptor(), let cancel = unsafe PQgetCancel(connection) else { return nil }
    let request = CancelRequest(address: UInt(bitPattern: cancel), end: end)
    var thread = pthread_t()
    let context = unsafe Unmanaged.passRetained(request)
    let code = unsafe pthread_create(
      &thread, nil,
      { argument in
        unsafe Unmanaged<CancelRequest>.fromOpaque(argument!).takeRetainedValue().run()
        return nil
      }, context.toOpaque())
    guard code == 0 else {
      unsafe context.release()
      unsafe PQfreeCancel(cancel)
      return nil
    }
    pthread_detach(thread)
    return request
  }

  private func run() {
    let cancel = unsafe OpaquePointer(bitPattern: address)
    // One that fails leaves the statement running; whoever waits for it gives the connection up then.
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 256) { complaint in
      _ = unsafe PQcancel(cancel, complaint.baseAddress, CInt(complaint.count))
    }
    unsafe PQfreeCancel(cancel)
    end.signal()
  }

  /// Returns once the server's postmaster has signalled the backend, or has failed to.
  ///
  /// - Returns: false at the deadline: the request may still arrive at any time.
  func hasEnded(by deadline: ContinuousClock.Instant) -> Bool {
    var descriptor = pollfd(fd: end.descriptor, events: Int16(POLLIN), revents: 0)
    while true {
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero else { return false }
      // Rounded up, so that the deadline has passed when the wait ends.
      let milliseconds = CInt(clamping: Int64(left / .milliseconds(1)) + 1)
      if unsafe poll(&descriptor, 1, milliseconds) > 0 { return true }
    }
  }
}
