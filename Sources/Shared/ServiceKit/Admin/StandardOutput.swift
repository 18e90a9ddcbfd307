// `stdout` is a variable to Swift; nobody here assigns it.
@preconcurrency import Glibc

/// The process's standard output. A command whose output is lost fails, whatever else it did, since nobody may take
/// silence for success.
package enum StandardOutput {
  /// Makes the process end with `ExitStatus.output` instead of 0 when something that it printed did not arrive, by
  /// whatever means it was printed. Call it first in a program.
  package static func guardToExit() {
    keepStandardDescriptors()
    on_exit(
      { status, _ in
        guard status == ExitStatus.ok.rawValue, let reason = StandardOutput.flush() else { return }
        StandardOutput.report(reason)
        _exit(ExitStatus.output.rawValue)
      }, nil)
  }

  /// A closed descriptor would be given to the next file that is opened, which would then get what is printed.
  private static func keepStandardDescriptors() {
    for descriptor in STDIN_FILENO...STDERR_FILENO where fcntl(descriptor, F_GETFD) < 0 && errno == EBADF {
      // Open the wrong way round, so that using it still fails. The lowest free number is this one.
      _ = open("/dev/null", descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY)
    }
  }

  /// Writes a text past the buffer of `print`. If that fails the process ends with `ExitStatus.output`.
  package static func write(_ text: String) {
    guard let reason = writeAll(text) else { return }
    report(reason)
    exit(ExitStatus.output.rawValue)
  }

  /// Writes a text of which there is only one copy.
  ///
  /// - Parameter advice: what to do when it is lost: how to take back what was made.
  /// - Throws: `AdminError` when it did not arrive.
  package static func deliver(_ text: String, orElse advice: @autoclosure () -> String) throws {
    guard let reason = writeAll(text) else { return }
    throw AdminError("the output was lost (\(message(reason))): \(advice())", status: .output)
  }

  /// Checks that something can be written. To be called before something is made of which the output will be the only
  /// copy.
  ///
  /// - Throws: `AdminError` when nothing can be written, so that it is not made.
  package static func requireRoom() throws {
    if let reason = roomProblem() {
      throw AdminError("nothing was done, because the output would be lost: \(message(reason))", status: .output)
    }
  }

  /// Whether a person looks at it, not a file or a pipe.
  package static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  private static func roomProblem() -> Int32? {
    var request = pollfd(fd: STDOUT_FILENO, events: Int16(POLLOUT), revents: 0)
    if poll(&request, 1, 0) > 0, request.revents & Int16(POLLERR) != 0 { return EPIPE }
    // Of no bytes: a device that takes none says so, and a descriptor that can't be written to.
    if Glibc.write(STDOUT_FILENO, "", 0) < 0 { return errno }
    var status = stat()
    guard fstat(STDOUT_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    var system = statvfs()
    return fstatvfs(STDOUT_FILENO, &system) == 0 && system.f_bavail == 0 ? ENOSPC : nil
  }

  /// The error number of what went wrong, of this or of an earlier write.
  private static func flush() -> Int32? {
    if fflush(stdout) != 0 { return errno }
    return ferror(stdout) != 0 ? EIO : nil
  }

  private static func writeAll(_ text: String) -> Int32? {
    // What was printed before comes before.
    if let reason = flush() { return reason }
    return Descriptor.writeAll(text, to: STDOUT_FILENO)
  }

  private static func report(_ reason: Int32) {
    // A reader that had enough, such as `head`, needs no words.
    guard reason != EPIPE else { return }
    StandardError.write("error: the output was lost: \(message(reason))\n")
  }

  private static func message(_ reason: Int32) -> String { String(cString: strerror(reason)) }
}
