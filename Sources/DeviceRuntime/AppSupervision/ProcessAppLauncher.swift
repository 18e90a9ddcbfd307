package import AppLink
import Glibc
import Linux
import Synchronization

/// Runs each app in a process of its own.
package final class ProcessAppLauncher: AppLauncher {
  private let executable: String
  private let directory: String
  private let users: AppUsers
  private let patience: Duration
  private let count = Atomic<UInt64>(0)
  /// Where in the range of users this agent begins. The kernel counts a user's processes all together, so agents on one
  /// machine must not all take the same users.
  private let firstUser = UInt64.random(in: 0..<1 << 32)
  private let prepared = Mutex<Preparation?>(nil)

  /// A process that waits for its app, or will.
  private struct Preparation {
    /// Tells it from those before.
    var number: UInt64
    var limits: AppLimits
    /// The process, once it was started; nil: it could not be.
    var process: Task<AppProcess?, Never>
  }

  /// - Parameters:
  ///   - executable: the program that an app's process runs, with `AppHostArguments`: see `AppHostExecutable`.
  ///   - directory: for the sockets between agent and apps. Made if it is missing, for this user alone; its path is at
  ///     most 80 bytes long, because the kernel allows a socket's path 107.
  ///   - users: whom apps run as.
  ///   - patience: how long a prepared process waits for its app.
  package init(
    executable: String, directory: String, users: AppUsers = .agents, patience: Duration = .seconds(20)
  ) throws {
    guard directory.utf8.count <= 80 else {
      throw AppLaunchError("the folder \(directory) has too long a path for sockets: give one of at most 80 bytes")
    }
    if mkdir(directory, 0o700) != 0, errno != EEXIST {
      throw AppLaunchError("can't make the folder \(directory): \(String(cString: strerror(errno)))")
    }
    self.executable = executable
    self.directory = directory
    self.users = users
    self.patience = patience
  }

  /// Hands the app to the process that waits for one with its limits, if there is one, or starts another.
  package func launch(_ launch: AppLaunch) async throws -> any RunningApp {
    if let process = await takePrepared(for: launch.limits), process.begin(launch) { return process }
    return try await start(launch.limits, launch)
  }

  /// Starts a process that waits for its app, unless one waits already; returns when it waits.
  package func prepare(_ limits: AppLimits) async {
    let before = prepared.withLock { $0 }
    if await before?.process.value?.isPrepared == true { return }
    let process = prepared.withLock { prepared in
      // Somebody else may have begun meanwhile.
      if let prepared, prepared.number != before?.number { return prepared.process }
      let next = Preparation(
        number: (before?.number ?? 0) + 1, limits: limits, process: Task { try? await self.start(limits) })
      prepared = next
      return next.process
    }
    _ = await process.value
  }

  /// Stops the process that waits for its app.
  package func dropPrepared() async {
    await prepared.withLock { $0.take() }?.process.value?.stop(grace: .zero)
  }

  /// The process that waits for its app.
  func preparedProcess() async -> Int32? {
    let process = await prepared.withLock { $0 }?.process.value
    return process.flatMap { $0.isPrepared ? $0.processIdentifier : nil }
  }

  /// What it may send was settled by its limits, so it is for no other.
  private func takePrepared(for limits: AppLimits) async -> AppProcess? {
    guard let taken = prepared.withLock({ $0.take() }) else { return nil }
    let process = await taken.process.value
    if taken.limits == limits { return process }
    await process?.stop(grace: .zero)
    return nil
  }

  /// - Parameter launch: what to run in it; nil: it waits to be told.
  private func start(_ limits: AppLimits, _ launch: AppLaunch? = nil) async throws -> AppProcess {
    let number = count.add(1, ordering: .relaxed).newValue
    let socketPath = "\(directory)/app-\(getpid())-\(number).ipc"
    let (executable, patience) = (executable, patience)
    let user = users.user(forStart: firstUser + number)
    return try await withCheckedThrowingContinuation { continuation in
      do {
        // The app's process lives as long as this thread at most, so the thread is the app's alone.
        try NativeThread.start("app-\(number)") {
          do {
            let connection = try AppProcessConnection(
              limits: limits, launch: launch, executable: executable, socketPath: socketPath, user: user,
              patience: patience)
            continuation.resume(returning: connection.process)
            connection.run()
          } catch {
            unlink(socketPath)
            continuation.resume(throwing: (error as? AppLaunchError) ?? AppLaunchError("\(error)"))
          }
        }
      } catch {
        continuation.resume(throwing: error)
      }
    }
  }
}
