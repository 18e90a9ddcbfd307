import CCurl
import Glibc
import Synchronization

/// What the loop needs to know of a transfer.
struct TransferPlan: Sendable {
  let id: UInt64
  let request: HTTPClient.Request
  let target: @Sendable (HTTPClient.ResponseHead) -> HTTPClient.DownloadTarget
  /// Called exactly once.
  let complete: @Sendable (Result<HTTPClient.Response, CurlError>) -> Void
}

/// The thread that drives a client's transfers: one libcurl multi handle, and an inbox.
@safe final class TransferLoop: Sendable {
  private struct Inbox {
    var starts: [TransferPlan] = []
    var cancellations: Set<UInt64> = []
    /// Transfers accepted and not completed.
    var held = 0
    var isClosing = false
    /// From here on the multi handle may be gone.
    var isClosed = false
  }

  private let configuration: HTTPClient.Configuration
  private let inbox = Mutex(Inbox())
  private let lastID = Atomic<UInt64>(0)
  /// Used by the thread alone, except for `curl_multi_wakeup`, which libcurl allows from any
  /// thread, and which is called under the inbox's lock and only while `isClosed` is false.
  private nonisolated(unsafe) let multi: UnsafeMutableRawPointer

  init(_ configuration: HTTPClient.Configuration) {
    self.configuration = configuration
    if let problem = CurlLibrary.problem { fatalError("libcurl can't be used: \(problem): install libcurl4") }
    guard let multi = unsafe xtblish_curl_multi_init() else {
      fatalError("libcurl can't be initialised: out of memory")
    }
    unsafe self.multi = multi
    unsafe xtblish_curl_multi_set_long(multi, CURLMOPT_MAX_TOTAL_CONNECTIONS, configuration.maximumConnections)
    startThread()
  }

  func nextID() -> UInt64 { lastID.add(1, ordering: .relaxed).newValue }

  func start(_ plan: TransferPlan) {
    let refusal: CurlError? = inbox.withLock { inbox in
      if inbox.isClosing { return CurlError(.closed, "\(plan.request.url): the HTTP client was closed") }
      if inbox.held >= configuration.maximumTransfers {
        return CurlError(
          .overloaded, "\(plan.request.url): \(inbox.held) transfers are under way, which is the limit; try again later"
        )
      }
      inbox.held += 1
      inbox.starts.append(plan)
      wake(inbox)
      return nil
    }
    if let refusal { plan.complete(.failure(refusal)) }
  }

  func cancel(_ id: UInt64) {
    inbox.withLock { inbox in
      guard !inbox.isClosing else { return }
      inbox.cancellations.insert(id)
      wake(inbox)
    }
  }

  func close() {
    inbox.withLock { inbox in
      inbox.isClosing = true
      wake(inbox)
    }
  }

  private func wake(_ inbox: borrowing Inbox) {
    if !inbox.isClosed { unsafe xtblish_curl_multi_wakeup(multi) }
  }

  // MARK: The thread

  private func startThread() {
    let context = unsafe Unmanaged.passRetained(self).toOpaque()
    // All signals are for the program's other threads; SIGPIPE would otherwise end the process when TLS writes to a
    // connection that the server closed. A thread inherits its mask.
    var all = sigset_t()
    var previous = sigset_t()
    unsafe sigfillset(&all)
    unsafe pthread_sigmask(SIG_SETMASK, &all, &previous)
    var thread = pthread_t()
    let result = unsafe pthread_create(
      &thread, nil,
      { context in
        let loop = unsafe Unmanaged<TransferLoop>.fromOpaque(context!).takeRetainedValue()
        loop.run()
        return nil
      }, context)
    unsafe pthread_sigmask(SIG_SETMASK, &previous, nil)
    precondition(result == 0, "no thread for HTTP transfers: error \(result)")
    pthread_detach(thread)
  }

  private func run() {
    var transfers: [UInt64: Transfer] = [:]
    while true {
      let (starts, cancellations, isClosing) = inbox.withLock { inbox in
        defer {
          inbox.starts = []
          inbox.cancellations = []
        }
        return (inbox.starts, inbox.cancellations, inbox.isClosing)
      }
      if isClosing {
        starts.forEach { finish($0, .failure(.closed($0.request.url))) }
        break
      }
      for plan in starts { begin(plan, &transfers) }
      for id in cancellations { abort(id, &transfers) }

      var running: Int32 = 0
      unsafe xtblish_curl_multi_perform(multi, &running)
      drainMessages(&transfers)
      // Wakes for sockets, for libcurl's own timers and for `wake`; the limit only bounds the wait
      // if a timer were lost.
      unsafe xtblish_curl_multi_poll(multi, 10_000)
    }
    for transfer in transfers.values {
      unsafe xtblish_curl_multi_remove_handle(multi, transfer.handle)
      finish(transfer.plan, .failure(.closed(transfer.plan.request.url)))
    }
    transfers = [:]
    inbox.withLock { $0.isClosed = true }
    unsafe xtblish_curl_multi_cleanup(multi)
  }

  private func begin(_ plan: TransferPlan, _ transfers: inout [UInt64: Transfer]) {
    do throws(CurlError) {
      let transfer = try Transfer(plan, configuration)
      let result = unsafe xtblish_curl_multi_add_handle(multi, transfer.handle)
      guard result == CURLM_OK else {
        throw CurlError(.other, "\(plan.request.url): \(unsafe String(cString: xtblish_curl_multi_strerror(result)))")
      }
      transfers[plan.id] = transfer
    } catch {
      finish(plan, .failure(error))
    }
  }

  private func abort(_ id: UInt64, _ transfers: inout [UInt64: Transfer]) {
    // Unknown if the transfer has just ended, or hasn't started yet; the caller looks for the
    // latter after starting it.
    guard let transfer = transfers.removeValue(forKey: id) else { return }
    unsafe xtblish_curl_multi_remove_handle(multi, transfer.handle)
    finish(transfer.plan, .failure(.cancelled(transfer.plan.request.url)))
  }

  private func drainMessages(_ transfers: inout [UInt64: Transfer]) {
    var left: Int32 = 0
    while let message = unsafe xtblish_curl_multi_info_read(multi, &left) {
      guard unsafe message.pointee.msg == CURLMSG_DONE, let handle = unsafe message.pointee.easy_handle else {
        continue
      }
      let result = unsafe message.pointee.data.result
      guard let transfer = transfers.values.first(where: { unsafe $0.handle == handle }) else { continue }
      unsafe xtblish_curl_multi_remove_handle(multi, handle)
      transfers[transfer.plan.id] = nil
      finish(transfer.plan, transfer.outcome(result))
    }
  }

  private func finish(_ plan: TransferPlan, _ result: Result<HTTPClient.Response, CurlError>) {
    inbox.withLock { $0.held -= 1 }
    plan.complete(result)
  }
}

enum CurlLibrary {
  /// What is wrong with the library, which is opened and initialised once, before any thread uses it.
  static let problem: String? = {
    var message = [CChar](repeating: 0, count: 512)
    guard unsafe xtblish_curl_load(&message, message.count) != 0 else { return nil }
    return String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }()
}

extension CurlError {
  static func cancelled(_ url: String) -> CurlError { CurlError(.cancelled, "\(url): cancelled") }
  static func closed(_ url: String) -> CurlError { CurlError(.closed, "\(url): the HTTP client was closed") }
}
