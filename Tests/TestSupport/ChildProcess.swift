import Glibc
import Synchronization

/// A program that a test starts. It is ended when the test lets go of it, and when the test process itself dies.
package final class ChildProcess: Sendable {
  package let processIdentifier: Int32
  /// Where its standard output and standard error are kept.
  package let outputPath: String
  private let folder: TemporaryFolder
  private let state = Mutex(State())
  private let watchdog: Watchdog
  private let gentleSignal: Int32

  private struct State {
    var ending: ProcessEnding?
  }

  /// - Parameters:
  ///   - executable: a path, or a name to be found in `PATH`.
  ///   - environment: added to this process's own.
  ///   - inheritsEnvironment: false starts it with `environment` and `PATH` alone.
  ///   - input: a file to read standard input from; none by default.
  ///   - endingSignal: what ends it when the test has not: SIGQUIT for those that leave something behind otherwise.
  ///   - ownFolders: what is removed after it when the test process dies without having done so.
  package init(
    _ executable: String, _ arguments: [String] = [], environment: [String: String] = [:],
    inheritsEnvironment: Bool = true, workingFolder: String? = nil, input: String = "/dev/null",
    endingSignal: Int32 = SIGKILL, ownFolders: [String] = []
  ) throws {
    folder = try TemporaryFolder("xtblish-child")
    outputPath = folder.path("output")
    gentleSignal = endingSignal
    var variables = inheritsEnvironment ? ownEnvironment() : ["PATH": ownEnvironment()["PATH"] ?? "/bin"]
    variables.merge(environment) { $1 }
    let identifier = try spawn(
      executable, arguments, environment: variables, workingFolder: workingFolder, input: input,
      output: outputPath)
    do {
      watchdog = try Watchdog(process: identifier, signal: endingSignal, removing: [folder.path] + ownFolders)
    } catch {
      Glibc.kill(identifier, SIGKILL)
      throw error
    }
    processIdentifier = identifier
  }

  deinit {
    if ending == nil {
      Glibc.kill(processIdentifier, gentleSignal)
      // Sleeps: a look every five milliseconds, with a bound; a deinitialiser can't await.
      for _ in 0..<2_000 where ending == nil { usleep(5_000) }
      if ending == nil {
        Glibc.kill(processIdentifier, SIGKILL)
        var status: Int32 = 0
        waitpid(processIdentifier, &status, 0)
        watchdog.dismiss()
      }
    }
  }

  /// Everything it wrote so far.
  package var output: String { readFile(outputPath) ?? "" }

  /// Sends a signal. A process that has ended is left alone: its id may be another's by now.
  package func kill(_ signal: Int32 = SIGKILL) {
    state.withLock { state in
      if reap(&state) == nil { Glibc.kill(processIdentifier, signal) }
    }
  }

  /// How it ended, or nil while it runs.
  package var ending: ProcessEnding? {
    state.withLock { reap(&$0) }
  }

  package var isRunning: Bool { ending == nil }

  /// Waits for its end.
  @discardableResult
  package func waitForExit(within limit: Duration = patience) async throws -> ProcessEnding {
    do {
      return try await eventuallySome(within: limit) { ending }
    } catch is TestFailure {
      throw TestFailure("process \(processIdentifier) still runs after \(limit); it wrote:\n\(output.suffix(4_000))")
    }
  }

  /// Waits until a line of its output contains `text`, and returns the first such line.
  @discardableResult
  package func waitForLine(containing text: String, within limit: Duration = patience) async throws -> String {
    do {
      return try await eventuallySome(within: limit) {
        // The ending is looked at before the output, so that the last words of a process are not missed.
        let ended = ending
        let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
        if let line = lines.first(where: { $0.contains(text) }) { return String(line) }
        if let ended { throw ChildEnded(ending: ended) }
        return nil
      }
    } catch let error as ChildEnded {
      throw TestFailure("no line with \"\(text)\": the process ended with \(error.ending):\n\(output.suffix(4_000))")
    } catch is TestFailure {
      throw TestFailure("no line with \"\(text)\" within \(limit); the process wrote:\n\(output.suffix(4_000))")
    }
  }

  /// Asks it to end with SIGTERM, and after `grace` insists with SIGKILL.
  @discardableResult
  package func stop(grace: Duration = patience) async throws -> ProcessEnding {
    kill(SIGTERM)
    if let ending = try? await waitForExit(within: grace) { return ending }
    kill(SIGKILL)
    return try await waitForExit()
  }

  private struct ChildEnded: Error {
    let ending: ProcessEnding
  }

  private func reap(_ state: inout State) -> ProcessEnding? {
    if let ending = state.ending { return ending }
    var status: Int32 = 0
    guard waitpid(processIdentifier, &status, WNOHANG) == processIdentifier else { return nil }
    // From here on the id may be given to another process, which the watchdog must not touch.
    watchdog.dismiss()
    let signal = status & 0x7F
    let ending: ProcessEnding = signal == 0 ? .exited((status >> 8) & 0xFF) : .signalled(signal)
    state.ending = ending
    return ending
  }
}

/// How a process ended.
package enum ProcessEnding: Equatable, Sendable {
  case exited(Int32)
  case signalled(Int32)
}
