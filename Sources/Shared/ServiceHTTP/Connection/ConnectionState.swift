/// What a connection may still do, apart from any I/O.
///
/// Every response to a request whose body has not all arrived ends the connection: nobody waits for bytes that will not
/// be read. The connection then lingers: the peer learns that nothing more comes, and what it still sends is thrown
/// away for a while, because closing at once would make the kernel reset the connection and with it, often, destroy
/// the response on its way.
struct ConnectionState {
  let slownessWindow: Duration
  let minimumBodyBytesPerSecond: Int
  let writeTimeout: Duration
  let headTimeout: Duration
  /// How long a lingering connection stays.
  static let lingerTimeout = Duration.seconds(2)
  /// How much is taken off its socket and thrown away meanwhile.
  static let lingerBytes: UInt64 = 32 << 20

  private enum Phase {
    case open
    /// The next response, or the one being written, is the last.
    case lastResponse
    case lingering(until: ContinuousClock.Instant)
    case closed
  }

  private var phase = Phase.open
  /// Requests whose head has arrived and whose response has not been written to its end.
  private var owedResponses = 0
  private var isBodyOpen = false
  private var isResponseStarted = false
  /// An error that came while responses to earlier requests were owed.
  private var heldProblem: ProblemError?

  private var waitingSince: ContinuousClock.Instant?
  private var waited = Duration.zero
  private var receivedBytes = 0
  private var slowSince: ContinuousClock.Instant?

  private var pendingWrites = 0
  private var lastWriteProgress: ContinuousClock.Instant

  /// When the wait for the first request began; nil while TLS is being agreed on, and after that request.
  private var opened: ContinuousClock.Instant?
  /// When the first part of a head came whose rest has not.
  private var headBegan: ContinuousClock.Instant?
  private var sawHeadInThisRead = false
  private var receivedBytesOnWire: UInt64 = 0
  /// Of them, those that had come when the newest head had, and how much of its body has come since.
  private var wireBytesAtHead: UInt64 = 0
  private var bodyBytes: UInt64 = 0

  /// Sizes of chunks, words beside them and trailers may be so many times what they frame, and this much more.
  private static let framingFactor: UInt64 = 8
  private static let framingAllowanceBytes: UInt64 = 64 << 10

  /// - Parameter isOpen: whether requests may come at once; otherwise `opened(now:)` tells when they may.
  init(limits: HTTPLimits, isOpen: Bool = true, now: ContinuousClock.Instant) {
    headTimeout = limits.headTimeout
    opened = isOpen ? now : nil
    slownessWindow = limits.slownessWindow
    minimumBodyBytesPerSecond = limits.minimumBodyBytesPerSecond
    writeTimeout = limits.writeTimeout
    lastWriteProgress = now
  }

  // MARK: What arrives

  enum Arrival: Equatable {
    case forward
    case drop
  }

  /// - Parameter wantsClose: the client asked for the end of the connection after this request.
  mutating func headArrived(wantsClose: Bool) -> Arrival {
    guard case .open = phase, heldProblem == nil else { return .drop }
    opened = nil
    headBegan = nil
    sawHeadInThisRead = true
    bodyBytes = 0
    owedResponses += 1
    isBodyOpen = true
    waited = .zero
    receivedBytes = 0
    slowSince = nil
    wantsCloseAfter = wantsClose
    return .forward
  }

  /// Set by the head of the newest request; earlier ones on the connection did not ask for it.
  private var wantsCloseAfter = false

  mutating func bodyArrived(bytes: Int) -> Arrival {
    receivedBytes += bytes
    bodyBytes += UInt64(bytes)
    return isReading ? .forward : .drop
  }

  mutating func endArrived() -> Arrival {
    isBodyOpen = false
    return isReading ? .forward : .drop
  }

  private var isReading: Bool {
    switch phase {
    case .open, .lastResponse: true
    case .lingering, .closed: false
    }
  }

  enum Failure: Equatable {
    /// Nobody is at work on a request: answer this.
    case answer(ProblemError)
    /// The request's handler learns of it through the body.
    case forward
    /// It will be answered after the responses that are owed.
    case hold
    case ignore
  }

  /// The parser, or the conversion after it, has given up on what the peer sends.
  mutating func failed(_ problem: ProblemError) -> Failure {
    guard case .open = phase, heldProblem == nil else { return .ignore }
    if isBodyOpen {
      phase = .lastResponse
      return .forward
    }
    if owedResponses == 0 {
      phase = .lastResponse
      owedResponses = 1
      return .answer(problem)
    }
    heldProblem = problem
    return .hold
  }

  // MARK: What is written

  /// Whether the head must say that the connection ends after this response.
  mutating func headWritten(isInformational: Bool, saysClose: Bool) -> Bool {
    if isInformational { return false }
    isResponseStarted = true
    let isNewest = owedResponses <= 1
    if isBodyOpen && isNewest || saysClose || (wantsCloseAfter && isNewest) {
      if case .open = phase { phase = .lastResponse }
    }
    if case .lastResponse = phase, isNewest, heldProblem == nil { return true }
    return false
  }

  enum AfterResponse: Equatable {
    case carryOn
    case linger
    case answer(ProblemError)
  }

  mutating func endWritten(now: ContinuousClock.Instant) -> AfterResponse {
    isResponseStarted = false
    owedResponses = max(0, owedResponses - 1)
    if owedResponses > 0 { return .carryOn }
    if let problem = heldProblem {
      heldProblem = nil
      phase = .lastResponse
      owedResponses = 1
      return .answer(problem)
    }
    guard case .lastResponse = phase else { return .carryOn }
    phase = .lingering(until: now + Self.lingerTimeout)
    return .linger
  }

  mutating func writeStarted(now: ContinuousClock.Instant) {
    if pendingWrites == 0 { lastWriteProgress = now }
    pendingWrites += 1
  }

  mutating func writeFinished(now: ContinuousClock.Instant) {
    pendingWrites -= 1
    lastWriteProgress = now
  }

  // MARK: Time

  /// The server wants to read.
  mutating func readRequested(now: ContinuousClock.Instant) {
    if waitingSince == nil { waitingSince = now }
  }

  /// - Parameter receivedBytesOnWire: all that came over the connection so far.
  mutating func readFinished(now: ContinuousClock.Instant, receivedBytesOnWire: UInt64) {
    if let since = waitingSince { waited += now - since }
    waitingSince = nil
    if sawHeadInThisRead {
      // What came behind the head in the same read can't be told from it here.
      wireBytesAtHead = receivedBytesOnWire
    } else if owedResponses == 0, !isBodyOpen, headBegan == nil, receivedBytesOnWire > self.receivedBytesOnWire {
      headBegan = now
    }
    sawHeadInThisRead = false
    self.receivedBytesOnWire = receivedBytesOnWire
  }

  /// Whether what came is nearly all framing and hardly any body, which no bound on bodies would ever end.
  var isFramingExcessive: Bool {
    guard isBodyOpen, receivedBytesOnWire > wireBytesAtHead else { return false }
    return receivedBytesOnWire - wireBytesAtHead > bodyBytes * (Self.framingFactor + 1) + Self.framingAllowanceBytes
  }

  /// The client and the server have agreed on TLS.
  mutating func opened(now: ContinuousClock.Instant) {
    opened = now
  }

  /// Whether a request waits for its response, or for the rest of it.
  var isAnswering: Bool { owedResponses > 0 }

  var isLingering: Bool {
    if case .lingering = phase { true } else { false }
  }

  mutating func closed() {
    phase = .closed
  }

  enum Verdict: Equatable {
    case fine
    /// The body came too slowly: its handler is to be told.
    case tooSlow
    /// The head came too slowly, or none came after the connection was made.
    case headTooSlow
    case close
  }

  /// To be asked every now and then.
  mutating func check(now: ContinuousClock.Instant) -> Verdict {
    switch phase {
    case .closed: return .fine
    case .lingering(let until): return now >= until ? .close : .fine
    case .open, .lastResponse: break
    }
    if pendingWrites > 0, now - lastWriteProgress >= writeTimeout { return .close }
    if owedResponses == 0, !isBodyOpen, let since = headBegan ?? opened, now - since >= headTimeout {
      return headBegan == nil ? .close : .headTooSlow
    }
    if let slowSince { return now - slowSince >= slownessWindow ? .close : .fine }
    guard isBodyOpen, !isResponseStarted else { return .fine }
    if let since = waitingSince {
      waited += now - since
      waitingSince = now
    }
    guard waited >= slownessWindow else { return .fine }
    let isSlow = Double(receivedBytes) < Double(minimumBodyBytesPerSecond) * (waited / Duration.seconds(1))
    waited = .zero
    receivedBytes = 0
    guard isSlow else { return .fine }
    slowSince = now
    phase = .lastResponse
    return .tooSlow
  }
}
