import Foundation
package import Testing

/// A suite with this trait runs only as many tests at a time as the machine can take.
///
/// Without it all tests of a module begin at once: hundreds that start servers, devices and programs, whose time
/// limits run while they wait for each other.
package struct Seated: SuiteTrait, TestTrait, TestScoping {
  package var isRecursive: Bool { true }

  /// A seat is for a test as a whole: its cases share it, and its time limits do not run while it waits for one.
  package func scopeProvider(for test: Test, testCase: Test.Case?) -> Seated? {
    test.isSuite || testCase != nil ? nil : self
  }

  package func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    // A suite in a suite has the trait twice.
    if Seats.isTaken { return try await function() }
    await Seats.shared.take()
    do {
      try await Seats.$isTaken.withValue(true, operation: function)
    } catch {
      await Seats.shared.giveBack()
      throw error
    }
    await Seats.shared.giveBack()
  }
}

extension Trait where Self == Seated {
  /// Few tests at a time, see ``Seated``.
  package static var seated: Seated { Seated() }
}

/// As many tests as run at a time in this process. Who came first gets the next seat.
private actor Seats {
  @TaskLocal static var isTaken = false
  static let shared = Seats(count: 4 * ProcessInfo.processInfo.activeProcessorCount)

  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(count: Int) { free = count }

  func take() async {
    if free > 0 {
      free -= 1
    } else {
      await withCheckedContinuation { waiting.append($0) }
    }
  }

  func giveBack() {
    if waiting.isEmpty {
      free += 1
    } else {
      // The seat goes from hand to hand: nobody who comes in between takes it.
      waiting.removeFirst().resume()
    }
  }
}
