/// Decides which requests run, which wait and which are refused.
///
/// Requests run on workers, which are tasks that take one after another. At most one worker is on its
/// way to the queue at any time, and each that takes a request calls the next: so quick handlers run
/// one after another on few workers without being switched to and fro, and slow ones, which leave
/// theirs waiting, get as many as there may be. It does no I/O and keeps no time: it says what to do.
struct ServerAdmission<Job: Sendable>: Sendable {
  typealias Instant = ContinuousClock.Instant
  typealias Worker = Int

  enum Refusal: Equatable {
    case overloaded
    case draining
  }

  /// The worker to send to the queue.
  enum Call: Equatable {
    case none
    /// The worker waits for being called.
    case resume(Worker)
    /// The worker does not exist yet.
    case spawn(Worker)
  }

  enum Next {
    case run(Job)
    case idle
    /// The worker is to end.
    case end
  }

  private struct Entry {
    let job: Job
    let deadline: Instant
  }

  private struct Running {
    let entry: Entry
    var isAnswered = false
    /// Its answer is being made.
    var isClaimed = false
  }

  private let concurrency: Int
  private let capacity: Int
  private var queue: [Entry] = []
  private var head = 0
  private var running: [Worker: Running] = [:]
  private var idle: [Worker] = []
  private var workers = 0
  /// The worker that was called and is on its way to the queue.
  private var called: Worker?
  private var lastWorker = 0
  private(set) var isDraining = false

  init(concurrency: Int, capacity: Int) {
    self.concurrency = max(concurrency, 1)
    self.capacity = max(capacity, 0)
  }

  var queuedCount: Int { queue.count - head }
  var runningCount: Int { running.count }

  /// Whether a server that takes nothing new owes no answer any more.
  var isDrained: Bool { isDraining && queuedCount == 0 && running.values.allSatisfy(\.isAnswered) }

  /// - Returns: nil if the request was taken into the queue.
  mutating func arrive(_ job: Job, deadline: Instant) -> Refusal? {
    guard !isDraining else { return .draining }
    // Those for whom there is a worker do not count as waiting.
    guard queuedCount + running.count < concurrency + capacity else { return .overloaded }
    queue.append(Entry(job: job, deadline: deadline))
    return nil
  }

  /// To be asked after requests arrived, and after a worker came to the queue or ended.
  mutating func callWorker() -> Call {
    guard queuedCount > 0, called == nil else { return .none }
    if let worker = idle.popLast() {
      called = worker
      return .resume(worker)
    }
    guard workers < concurrency else { return .none }
    workers += 1
    lastWorker += 1
    called = lastWorker
    return .spawn(lastWorker)
  }

  /// For a worker that comes to the queue; the request that it had is over.
  ///
  /// - Parameter lapsed: requests whose deadline passed while they waited are appended; they will
  ///   not run.
  mutating func next(for worker: Worker, now: Instant, lapsed: inout [Job]) -> Next {
    if called == worker { called = nil }
    while head < queue.count {
      let entry = queue[head]
      head += 1
      compact()
      guard entry.deadline > now else {
        lapsed.append(entry.job)
        continue
      }
      running[worker] = Running(entry: entry)
      return .run(entry.job)
    }
    finish(worker)
    return isDraining ? .end : .idle
  }

  /// For a worker that found nothing and wants to wait for being called.
  ///
  /// - Returns: false if it must look again, because something came in between.
  mutating func park(_ worker: Worker) -> Bool {
    guard queuedCount == 0, !isDraining else { return false }
    idle.append(worker)
    return true
  }

  /// For a worker that is about to answer. Until it is finished, the answer is owed.
  ///
  /// - Returns: false if the client has been answered already, because of the deadline.
  mutating func claim(_ worker: Worker) -> Bool {
    guard let index = running.index(forKey: worker), !running.values[index].isAnswered else { return false }
    running.values[index].isClaimed = true
    return true
  }

  /// Called by a worker that is done with its request.
  mutating func finish(_ worker: Worker) {
    running[worker] = nil
  }

  /// Called by a worker that ends.
  mutating func end(_ worker: Worker) {
    if called == worker { called = nil }
    workers -= 1
  }

  /// Finds what is past its deadline. Each request is returned once.
  mutating func lapse(now: Instant) -> (waiting: [Job], running: [(worker: Worker, job: Job)]) {
    var waiting: [Job] = []
    if queue[head...].contains(where: { $0.deadline <= now }) {
      waiting = queue[head...].filter { $0.deadline <= now }.map(\.job)
      queue = queue[head...].filter { $0.deadline > now }
      head = 0
    }
    return (waiting, markAnswered { $0.deadline <= now })
  }

  var nextDeadline: Instant? {
    let waiting = queue[head...].lazy.map(\.deadline).min()
    let started = running.values.lazy.filter { !$0.isAnswered && !$0.isClaimed }.map(\.entry.deadline).min()
    return [waiting, started].compactMap { $0 }.min()
  }

  /// Refuses everything from now on.
  ///
  /// - Returns: what waited, to be refused, and the idle workers, to be ended.
  mutating func drain() -> (refused: [Job], ended: [Worker]) {
    isDraining = true
    defer {
      queue = []
      head = 0
      idle = []
    }
    return (queue[head...].map(\.job), idle)
  }

  /// Gives up what still runs.
  mutating func abandon() -> [(worker: Worker, job: Job)] {
    markAnswered { _ in true }
  }

  private mutating func markAnswered(_ isOver: (Entry) -> Bool) -> [(worker: Worker, job: Job)] {
    var over: [(worker: Worker, job: Job)] = []
    for (worker, started) in running where !started.isAnswered && !started.isClaimed && isOver(started.entry) {
      running[worker]?.isAnswered = true
      over.append((worker, started.entry.job))
    }
    return over
  }

  /// Drops the taken front of the queue when it is the larger part, so that taking stays cheap.
  private mutating func compact() {
    guard head == queue.count || head > 512 && head > queue.count / 2 else { return }
    queue.removeFirst(head)
    head = 0
  }
}
