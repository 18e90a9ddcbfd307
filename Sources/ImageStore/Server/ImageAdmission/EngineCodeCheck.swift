import Glibc
package import Logging
import Metrics
import NIOCore
import NIOPosix
import ServiceKit
import WebAssemblyModule

/// Lets the engine look at the code, the same that devices run it with, in a process of its own: what the engine can't
/// stand ends that process alone.
package final class EngineCodeCheck: CodeCheck {
  /// The hidden command of this program that the process runs.
  package static let command = "check-code"
  /// How many processes run at once; uploads beyond that wait.
  private static let processes = 2
  private static let timeout = Duration.seconds(60)
  private static let maximumOutputBytes = 64 << 10

  private let executable: String
  private let engine: String
  private let logger: Logger
  private let threads = NIOThreadPool(numberOfThreads: processes)
  private let durations = Dictionary(
    uniqueKeysWithValues: Outcome.allCases.map { outcome in
      (
        outcome,
        Timer(label: "image_store_code_check_duration_seconds", dimensions: [("outcome", outcome.rawValue)])
      )
    })

  /// How a check ended, as the metrics name it.
  private enum Outcome: String, CaseIterable {
    case valid, invalid
    case tooSlow = "too-slow"
    /// The check itself could not be made.
    case failed
  }

  /// - Parameters:
  ///   - executable: the path of this program.
  ///   - engine: the path of the engine's library.
  package init(executable: String, engine: String, logger: Logger) {
    self.executable = executable
    self.engine = engine
    self.logger = logger
    threads.start()
  }

  deinit {
    threads.shutdownGracefully { _ in }
  }

  /// Starts the process, which gets the module as its standard input, and waits up to 60 seconds for its verdict.
  ///
  /// - Throws: `AppProblem.invalid` with the engine's words, also if the module ends the engine's process;
  ///   ``ImageIntakeError/codeCheckTooSlow``. A process that can't be started throws nothing: devices look again.
  package func check(_ module: CInt) async throws {
    let start = ContinuousClock.now
    // Until it is known better.
    var outcome = Outcome.failed
    defer { note(outcome, after: .now - start) }
    let (executable, engine) = (executable, engine)
    let output: [UInt8]
    do {
      output = try await threads.runIfActive {
        try BoundedProgram.run(
          executable, [Self.command, engine], input: module, limit: Self.timeout,
          maximumOutputBytes: Self.maximumOutputBytes)
      }
    } catch let failure as BoundedProgram.Failure {
      switch failure {
      case .failed(let code) where code < 0:
        outcome = .invalid
        throw AppProblem.invalid("the engine can't look at it: its process was ended by signal \(-code)")
      case .tooSlow:
        outcome = .tooSlow
        throw ImageIntakeError.codeCheckTooSlow
      case .failed, .notStarted, .tooMuchOutput:
        // A fault of this machine, not of the module; a device looks again.
        logger.error("the code of a module could not be checked", metadata: ["error": "\(failure)"])
        return
      }
    }
    outcome = output.isEmpty ? .valid : .invalid
    guard output.isEmpty else { throw AppProblem.invalid(String(decoding: output, as: UTF8.self)) }
  }

  /// The wait for one of the threads is a part of it: an upload waits for both.
  private func note(_ outcome: Outcome, after duration: Duration) {
    let (seconds, attoseconds) = duration.components
    durations[outcome]?.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }
}
