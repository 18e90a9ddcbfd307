import CLinux
import Glibc

/// Starts a program with nothing of this process but what is named here: no other descriptors, no signal mask.
///
/// - Parameters:
///   - output: the file for its standard output and standard error, appended to.
///   - inherited: a descriptor that it finds as number 3.
func spawn(
  _ executable: String, _ arguments: [String], environment: [String: String], workingFolder: String? = nil,
  input: String, output: String, inherited: Int32? = nil
) throws -> Int32 {
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  defer { posix_spawn_file_actions_destroy(&actions) }
  if let inherited { posix_spawn_file_actions_adddup2(&actions, inherited, 3) }
  posix_spawn_file_actions_addopen(&actions, 0, input, O_RDONLY, 0)
  posix_spawn_file_actions_addopen(&actions, 1, output, O_WRONLY | O_CREAT | O_APPEND, 0o644)
  posix_spawn_file_actions_adddup2(&actions, 1, 2)
  // The C library looks at what is open when it starts the program: a list made before would miss what others open meanwhile.
  linux_spawn_actions_add_close_from(&actions, inherited == nil ? 3 : 4)

  var attributes = posix_spawnattr_t()
  posix_spawnattr_init(&attributes)
  defer { posix_spawnattr_destroy(&attributes) }
  var signals = sigset_t()
  sigemptyset(&signals)
  posix_spawnattr_setsigmask(&attributes, &signals)
  sigfillset(&signals)
  posix_spawnattr_setsigdefault(&attributes, &signals)
  posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))

  var command = [executable] + arguments
  if let workingFolder {
    // The C library's own way is hidden from Swift behind _GNU_SOURCE. `exec` keeps the process id.
    command = ["/bin/sh", "-c", "cd -- \"$0\" && exec \"$@\"", workingFolder] + command
  }
  let argumentPointers = command.map { strdup($0) } + [nil]
  let environmentPointers = environment.map { strdup("\($0)=\($1)") } + [nil]
  defer { (argumentPointers + environmentPointers).forEach { free($0) } }
  var identifier: pid_t = 0
  let code = posix_spawnp(&identifier, command[0], &actions, &attributes, argumentPointers, environmentPointers)
  guard code == 0 else {
    throw TestFailure("can't start \(executable): \(errorText(code)); is it built, or installed and in PATH?")
  }
  return identifier
}

/// Runs a program to its end and returns what it wrote.
///
/// - Throws: `TestFailure` with its output when it ends with anything but 0.
@discardableResult
package func runProgram(
  _ executable: String, _ arguments: [String], environment: [String: String] = [:], workingFolder: String? = nil,
  within limit: Duration = patience
) async throws -> String {
  let process = try ChildProcess(executable, arguments, environment: environment, workingFolder: workingFolder)
  let ending = try await process.waitForExit(within: limit)
  guard ending == .exited(0) else {
    throw TestFailure("\(executable) \(arguments.joined(separator: " ")) ended with \(ending):\n\(process.output)")
  }
  return process.output
}

/// All environment variables of this process.
package func ownEnvironment() -> [String: String] {
  var result: [String: String] = [:]
  var pointer = environ
  while let entry = pointer.pointee {
    let text = String(cString: entry)
    if let equals = text.firstIndex(of: "=") {
      result[String(text[..<equals])] = String(text[text.index(after: equals)...])
    }
    pointer += 1
  }
  return result
}

/// The contents of a small text file, or nil when it can't be read.
package func readFile(_ path: String) -> String? {
  guard let file = fopen(path, "re") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var chunk = [UInt8](repeating: 0, count: 65_536)
  while true {
    let count = fread(&chunk, 1, chunk.count, file)
    if count == 0 { break }
    bytes += chunk[..<count]
  }
  return String(decoding: bytes, as: UTF8.self)
}

package func writeFile(_ path: String, _ text: String) throws {
  guard let file = fopen(path, "we") else { throw TestFailure("can't write \(path): \(errorText())") }
  defer { fclose(file) }
  let bytes = Array(text.utf8)
  guard fwrite(bytes, 1, bytes.count, file) == bytes.count, fflush(file) == 0 else {
    throw TestFailure("can't write \(path): \(errorText())")
  }
}
