import AppHost
import AppLink
import Glibc

/// probe STAGE USER NUMBER ARGUMENT…: becomes what an app's process is in that stage ("first", "loading", "running",
/// "running-threads"), as that user ("-": none of its own), and makes one system call. An argument is a number, or
/// "s:" and a text whose address is passed. Prints the result, or "errno" and the error's number.
@main
enum SandboxProbe {
  typealias RawCall = @convention(c) (Int, Int, Int, Int, Int, Int, Int) -> Int

  static func main() throws {
    let arguments = CommandLine.arguments
    guard arguments.count >= 4, let number = Int(arguments[3]), let symbol = dlsym(nil, "syscall") else { exit(64) }
    // The C library's `syscall`, which Swift can't import because its number of arguments varies.
    let call = unsafeBitCast(symbol, to: RawCall.self)
    var values = arguments.dropFirst(4).map(value)
    values += [Int](repeating: 0, count: max(0, 6 - values.count))

    let user = UInt32(arguments[2]).map { AppUser(userID: $0, groupID: $0) }
    let sandbox = AppSandbox(limits: .standard, user: user)
    sandbox.begin()
    if arguments[1] != "first" {
      for finding in try sandbox.enterLoading(moduleBytes: 1000) { print(finding) }
    }
    if arguments[1].hasPrefix("running") { try sandbox.enterRunning(startsThreads: arguments[1] == "running-threads") }

    errno = 0
    let result = call(number, values[0], values[1], values[2], values[3], values[4], values[5])
    print(result == -1 && errno != 0 ? "errno \(errno)" : "result \(result)")
  }

  private static func value(_ argument: String) -> Int {
    if argument.hasPrefix("s:"), let copy = strdup(String(argument.dropFirst(2))) { return Int(bitPattern: copy) }
    return Int(argument) ?? 0
  }
}
