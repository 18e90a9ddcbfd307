import Synchronization
import TextFormats

/// Whether a service can do its work: the checks of all that it depends on.
///
/// Asking often costs little. An answer is used again for a short while, and those who ask at the same time share one
/// round of checks.
package final class Readiness: Sendable {
  /// What a check of the dependency `name` found: whether it `isReady`, that is usable.
  package struct Finding: Sendable, Equatable {
    package let name: String
    package let isReady: Bool
    /// What is wrong or soon will be; empty if there is nothing to tell.
    package let detail: String

    package init(name: String, isReady: Bool, detail: String) {
      self.name = name
      self.isReady = isReady
      self.detail = detail
    }
  }

  private struct Check: Sendable {
    let name: String
    let deadline: Duration
    let body: @Sendable () async throws -> String
  }

  private struct State {
    var checks: [Check] = []
    var round: Task<[Finding], Never>?
    var answer: (findings: [Finding], until: ContinuousClock.Instant)?
    var isDraining = false
  }

  private let state = Mutex(State())
  private let validity: Duration

  /// - Parameter validity: for how long an answer is used again.
  package init(validity: Duration = .milliseconds(500)) {
    self.validity = validity
  }

  /// Adds a dependency.
  ///
  /// - Parameters:
  ///   - deadline: a check that takes longer has failed.
  ///   - check: throws when the dependency is not usable; the error's text is shown to operators.
  package func add(_ name: String, deadline: Duration = .seconds(2), check: @escaping @Sendable () async throws -> Void)
  {
    addTelling(name, deadline: deadline) {
      try await check()
      return ""
    }
  }

  /// Adds a dependency that may have something to tell although it is usable.
  ///
  /// - Parameter check: what it returns is shown to operators, as is the error that it throws when the dependency is not
  ///   usable.
  func addTelling(
    _ name: String, deadline: Duration = .seconds(2), check: @escaping @Sendable () async throws -> String
  ) {
    state.withLock { $0.checks.append(Check(name: name, deadline: deadline, body: check)) }
  }

  /// Makes the service unready from now on, so that load balancers send nothing new while it ends.
  package func drain() {
    state.withLock { $0.isDraining = true }
  }

  /// All findings, in the order in which the checks were added.
  package func findings() async -> [Finding] {
    let (known, round, isDraining) = state.withLock { state -> ([Finding]?, Task<[Finding], Never>?, Bool) in
      if let answer = state.answer, answer.until > .now { return (answer.findings, nil, state.isDraining) }
      if let round = state.round { return (nil, round, state.isDraining) }
      let checks = state.checks
      let round = Task {
        let findings = await Self.run(checks)
        self.state.withLock {
          $0.answer = (findings, .now + self.validity)
          $0.round = nil
        }
        return findings
      }
      state.round = round
      return (nil, round, state.isDraining)
    }
    let findings = if let known { known } else { await round?.value ?? [] }
    if !isDraining { return findings }
    return findings + [Finding(name: "running", isReady: false, detail: "the service is shutting down")]
  }

  /// Whether all dependencies are usable and the service does not end.
  package func isReady() async -> Bool {
    await findings().allSatisfy(\.isReady)
  }

  private static func run(_ checks: [Check]) async -> [Finding] {
    await withTaskGroup(of: (Int, Finding).self) { group in
      for (index, check) in checks.enumerated() {
        group.addTask { (index, await run(check)) }
      }
      var findings: [(Int, Finding)] = []
      for await finding in group { findings.append(finding) }
      return findings.sorted { $0.0 < $1.0 }.map(\.1)
    }
  }

  private static func run(_ check: Check) async -> Finding {
    let outcome = FirstOutcome<Finding>()
    // A check that ignores cancellation must not hold the answer, so it is not waited for.
    let work = Task {
      do {
        let word = try await check.body()
        outcome.settle(Finding(name: check.name, isReady: true, detail: word))
      } catch {
        outcome.settle(Finding(name: check.name, isReady: false, detail: "\(error)"))
      }
    }
    let timer = Task {
      try await Task.sleep(for: check.deadline)
      outcome.settle(
        Finding(
          name: check.name, isReady: false, detail: "no answer within \(HumanText.duration(check.deadline))"))
    }
    let finding = await outcome.value()
    work.cancel()
    timer.cancel()
    return finding
  }
}
