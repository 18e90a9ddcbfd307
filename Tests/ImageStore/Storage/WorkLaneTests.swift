import NIOPosix
import Synchronization
import TestSupport
import Testing

@testable import BlobStorage

/// Work beside its caller, one piece after the other.
@Suite(.seated) struct WorkLaneTests {
  private struct Failure: Error, Equatable {
    let number: Int
  }

  private final class Record: Sendable {
    private let numbers = Mutex<[Int]>([])
    func note(_ number: Int) { numbers.withLock { $0.append(number) } }
    var all: [Int] { numbers.withLock { $0 } }
  }

  private func withThreads(_ count: Int, _ body: (NIOThreadPool) async throws -> Void) async throws {
    let threads = NIOThreadPool(numberOfThreads: count)
    threads.start()
    try await body(threads)
    try await threads.shutdownGracefully()
  }

  @Test func piecesAreDoneInOrderAndOneAtATime() async throws {
    try await withThreads(4) { threads in
      let lane = WorkLane(threads: threads)
      let record = Record()
      let running = Atomic(0)
      for number in 0..<500 {
        lane.add {
          #expect(running.add(1, ordering: .relaxed).newValue == 1)
          record.note(number)
          running.subtract(1, ordering: .relaxed)
        }
        try await lane.wait(untilLeft: 3)
      }
      try await lane.wait(untilLeft: 0)
      #expect(record.all == Array(0..<500))
    }
  }

  @Test func nothingIsDoneAfterAnError() async throws {
    try await withThreads(2) { threads in
      let lane = WorkLane(threads: threads)
      let record = Record()
      for number in 0..<10 {
        lane.add {
          if number == 4 { throw Failure(number: number) }
          record.note(number)
        }
      }
      await #expect(throws: Failure(number: 4)) { try await lane.wait(untilLeft: 0) }
      lane.add { record.note(99) }
      await #expect(throws: Failure(number: 4)) { try await lane.wait(untilLeft: 0) }
      #expect(record.all == [0, 1, 2, 3])
    }
  }

  @Test func severalLanesShareOneThread() async throws {
    try await withThreads(1) { threads in
      let record = Record()
      let lanes = (0..<3).map { _ in WorkLane(threads: threads) }
      for number in 0..<60 { lanes[number % 3].add { record.note(number) } }
      for lane in lanes { try await lane.wait(untilLeft: 0) }
      #expect(record.all.sorted() == Array(0..<60))
    }
  }

  @Test func aStoppedPoolIsAnError() async throws {
    let threads = NIOThreadPool(numberOfThreads: 1)
    threads.start()
    try await threads.shutdownGracefully()
    let lane = WorkLane(threads: threads)
    lane.add {}
    await #expect(throws: NIOThreadPoolError.ThreadPoolInactive.self) { try await lane.wait(untilLeft: 0) }
  }
}
