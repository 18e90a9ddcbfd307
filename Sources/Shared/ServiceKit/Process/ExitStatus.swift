/// What an executable tells scripts by its exit status; the numbers are those of BSD's sysexits.h where it has one.
package enum ExitStatus: Int32, Sendable {
  case ok = 0
  /// The request was understood and could not be done.
  case failure = 1
  /// The command line is wrong.
  case usage = 64
  /// What was given to work on is not what it should be, or does not exist.
  case data = 65
  /// The service, or something it needs, can't be reached.
  case unavailable = 69
  /// The command's output could not be written.
  case output = 74
  /// It may work when tried again later.
  case temporary = 75
  /// The caller may not do this.
  case permission = 77
  /// The configuration is wrong.
  case configuration = 78
}
