import CodeChecking
import Glibc
package import Logging
import Metrics
import NIOCore
import NIOPosix
import WebAssemblyModule

/// Lets the engine look at the code, the same that devices run it with, in a process of its own: what the engine can't
/// stand ends that process alone.
package final class EngineCodeCheck: CodeCheck {
  /// How many processes run at once; uploads beyond that wait.
  private static let processes = 2
  private static let timeout = Duration.seconds(60)

  private let server: CodeCheckServer
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
  ///   - executable: the path of `xtblish-code-check`.
  ///   - engine: the path of the engine's library.
  package init(executable: String, engine: String, logger: Logger) {
    server = CodeCheckServer(executable: executable, engine: engine)
    self.logger = logger
    threads.start()
  }

  deinit {
    threads.shutdownGracefully { _ in }
  }

  /// Starts the process and waits up to 60 seconds for its verdict.
  ///
  /// - Throws: `AppProblem.invalid` with the engine's words, also if the module ends the engine's process;
  ///   ``ImageIntakeError/codeCheckTooSlow``. A process that can't be started throws nothing: devices look again.
  package func check(_ module: CInt) async throws {
    let start = ContinuousClock.now
    // Until it is known better.
    var outcome = Outcome.failed
    defer { note(outcome, after: .now - start) }
    let verdict: CodeVerdict
    do {
      verdict = try await threads.runIfActive { [server] in
        let deadline = ContinuousClock.now + Self.timeout
        // Twice: a program that ends takes with it what it was just handed.
        for _ in 0..<2 {
          let descriptor = try server.begin(module)
          defer { close(descriptor) }
          let bytes = try Self.read(descriptor, until: deadline)
          if !bytes.isEmpty { return CodeVerdict(bytes) }
        }
        return .notChecked
      }
    } catch ImageIntakeError.codeCheckTooSlow {
      outcome = .tooSlow
      throw ImageIntakeError.codeCheckTooSlow
    } catch let failure as CodeCheckServer.Failure {
      // A fault of this machine, not of the module; a device looks again.
      logger.error("the code of a module could not be checked", metadata: ["error": "\(failure)"])
      return
    }
    switch verdict {
    case .valid: outcome = .valid
    case .invalid(let words):
      outcome = .invalid
      throw AppProblem.invalid(words)
    case .endedBySignal(let signal):
      outcome = .invalid
      throw AppProblem.invalid("the engine can't look at it: its process was ended by signal \(signal)")
    case .notChecked:
      logger.error("the code of a module could not be checked", metadata: ["error": "the engine can't be asked"])
    }
  }

  private static func read(_ descriptor: CInt, until deadline: ContinuousClock.Instant) throws -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: CodeVerdict.maximumWordBytes + 1)
    while bytes.count < buffer.count {
      let (seconds, attoseconds) = (deadline - .now).components
      let milliseconds = seconds * 1000 + attoseconds / 1_000_000_000_000_000
      guard milliseconds > 0 else { throw ImageIntakeError.codeCheckTooSlow }
      var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      guard poll(&wait, 1, CInt(clamping: milliseconds)) > 0 else { continue }
      let count = Glibc.read(descriptor, &buffer, buffer.count - bytes.count)
      if count == 0 { break }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { throw CodeCheckServer.Failure("read", errno) }
      bytes += buffer[..<count]
    }
    return bytes
  }

  /// The wait for one of the threads is a part of it: an upload waits for both.
  private func note(_ outcome: Outcome, after duration: Duration) {
    let (seconds, attoseconds) = duration.components
    durations[outcome]?.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }
}
