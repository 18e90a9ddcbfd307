internal import Glibc
internal import Linux
internal import Synchronization

/// Runs each app in a process of its own.
package final class ProcessAppLauncher: AppLauncher {
  private let executable: String
  private let directory: String
  private let users: AppUsers
  private let count = Atomic<UInt64>(0)

  /// - Parameters:
  ///   - executable: the device program, whose `app-host` subcommand is `AppHostProcess`.
  ///   - directory: for the sockets between agent and apps. Made if it is missing, for this user alone; its path is at
  ///     most 80 bytes long, because the kernel allows a socket's path 107.
  ///   - users: whom apps run as.
  package init(executable: String, directory: String, users: AppUsers = .agents) throws {
    guard directory.utf8.count <= 80 else {
      throw AppLaunchError("the folder \(directory) has too long a path for sockets: give one of at most 80 bytes")
    }
    if mkdir(directory, 0o700) != 0, errno != EEXIST {
      throw AppLaunchError("can't make the folder \(directory): \(String(cString: strerror(errno)))")
    }
    self.executable = executable
    self.directory = directory
    self.users = users
  }

  package func launch(_ launch: AppLaunch) async throws -> any RunningApp {
    let number = count.add(1, ordering: .relaxed).newValue
    let socketPath = "\(directory)/app-\(getpid())-\(number).ipc"
    let executable = executable
    let user = users.user(forStart: number)
    return try await withCheckedThrowingContinuation { continuation in
      do {
        // The app's process lives as long as this thread at most, so the thread is the app's alone.
        try NativeThread.start("app-\(number)") {
          do {
            let connection = try AppProcessConnection(
              launch: launch, executable: executable, socketPath: socketPath, user: user)
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
