import Glibc
import TestApps
import TestSupport
import Testing

@testable import AppHost
@testable import AppLink
@testable import AppSupervision
@testable import Foundations

/// What the kernel lets a confined process do.
@Suite(.seated, .timeLimit(.minutes(10))) struct SandboxTests {
  static let isRoot = geteuid() == 0

  /// The probe's call in a stage, and how it ended.
  static func attempt(
    _ call: SystemCall, _ arguments: String..., in stage: String, as user: String = "-"
  ) async throws -> (ending: ProcessEnding, output: String) {
    let architecture = try #require(ProcessorArchitecture.current)
    let number = try #require(call.number(on: architecture))
    let probe = try ChildProcess(try product("SandboxProbe"), [stage, user, "\(number)"] + arguments)
    let ending = try await probe.waitForExit()
    return (ending, probe.output)
  }

  static let socket = SystemCall("socket", 41, 198)
  static let setuid = SystemCall("setuid", 105, 146)
  static let kill = SystemCall("kill", 62, 129)

  @Test(arguments: ["loading", "running", "running-threads"]) func anotherProgramIsDeath(_ stage: String) async throws {
    let execve = SystemCall("execve", 59, 221)
    #expect(try await Self.attempt(execve, "s:/bin/true", in: stage).ending == .signalled(SIGSYS))
    #expect(try await Self.attempt(SystemCall("ptrace", 101, 117), in: stage).ending == .signalled(SIGSYS))
  }

  @Test(arguments: ["loading", "running", "running-threads"]) func anotherProcessIsRefused(_ stage: String) async throws
  {
    #expect(try await Self.attempt(.clone, "17", in: stage).output == "errno 1\n")
    #expect(try await Self.attempt(.clone3, in: stage).output == "errno 38\n")
    #expect(try await Self.attempt(Self.socket, "1", "1", in: stage).output == "errno 1\n")
    #expect(try await Self.attempt(Self.kill, "1", "0", in: stage).output == "errno 1\n")
    #expect(try await Self.attempt(Self.setuid, "0", in: stage).output == "errno 1\n")
  }

  @Test func filesCloseStepByStep() async throws {
    let path = "s:/etc/passwd"
    #expect(try await Self.attempt(.openat, "-100", path, "0", in: "loading").output.hasPrefix("result "))
    #expect(try await Self.attempt(.openat, "-100", path, "1", in: "loading").output == "errno 1\n")
    #expect(try await Self.attempt(.openat, "-100", path, "0", in: "running").output == "errno 1\n")
  }

  @Test func theProbeCanDoWhatIsNotForbidden() async throws {
    // Else the refusals above would show nothing.
    #expect(try await Self.attempt(Self.socket, "1", "1", in: "first").output.hasPrefix("result "))
    let execve = SystemCall("execve", 59, 221)
    #expect(try await Self.attempt(execve, "s:/bin/true", in: "first").ending == .exited(0))
    // A thread as the C library makes it, but without a stack of its own, which ends the probe.
    let thread = "\(0x3D_0F00)"
    #expect(try await Self.attempt(.clone, thread, in: "running-threads").output != "errno 1\n")
    #expect(try await Self.attempt(.clone, thread, in: "running").output == "errno 1\n")
  }

  /// F_SETOWN and F_SETSIG make the kernel send any signal to anybody; O_ASYNC is when.
  @Test(arguments: ["loading", "running", "running-threads"]) func nobodyGetsASignal(_ stage: String) async throws {
    for command in ["8", "10", "15", "1024", "1026", "6"] {
      #expect(try await Self.attempt(.fcntl, "1", command, "1", in: stage).output == "errno 1\n", "fcntl \(command)")
    }
    #expect(try await Self.attempt(.fcntl, "1", "4", "8192", in: stage).output == "errno 1\n")
    #expect(try await Self.attempt(.fcntl, "1", "4", "0", in: stage).output == "result 0\n")
    #expect(try await Self.attempt(.fcntl, "1", "1", in: stage).output.hasPrefix("result "))
    #expect(try await Self.attempt(.fcntl, "1", "8", "1", in: "first").output == "result 0\n")
  }

  /// A pair of datagram sockets could send to the path of any socket of the machine.
  @Test(arguments: ["loading", "running", "running-threads"]) func nothingIsSentToAnAddress(_ stage: String)
    async throws
  {
    let (stream, datagram, packets) = ("1", "2", "5")
    let space = "s:01234567"
    for type in [datagram, packets] {
      #expect(try await Self.attempt(.socketpair, "1", type, "0", space, in: stage).output == "errno 1\n")
    }
    let pair = try await Self.attempt(.socketpair, "1", stream, "0", space, in: stage).output
    #expect(pair == (stage == "running" ? "errno 1\n" : "result 0\n"))
    #expect(try await Self.attempt(.sendto, "1", space, "8", "0", space, "8", in: stage).output == "errno 1\n")
    // Without one the kernel answers: standard output is no socket.
    #expect(try await Self.attempt(.sendto, "1", space, "8", "0", "0", "0", in: stage).output == "errno 88\n")
    #expect(try await Self.attempt(.socketpair, "1", datagram, "0", space, in: "first").output == "result 0\n")
  }

  @Test(arguments: ["running", "running-threads"]) func nothingIsLookedUpByItsPath(_ stage: String) async throws {
    let space = "s:" + String(repeating: "0", count: 200)
    let newfstatat = SystemCall("newfstatat", 262, 79)
    // Whatever its flags: AT_EMPTY_PATH lets a path be empty, it does not say that it is.
    for flags in ["0", "4096"] {
      #expect(
        try await Self.attempt(newfstatat, "-100", "s:/etc/passwd", space, flags, in: stage).output == "errno 1\n")
    }
    for call in [SystemCall("statx", 332, 291), SystemCall("faccessat", 269, 48), SystemCall("readlinkat", 267, 78)] {
      #expect(try await Self.attempt(call, "-100", "s:/etc/passwd", in: stage).output == "errno 1\n", "\(call.name)")
    }
    #expect(try await Self.attempt(SystemCall("fstat", 5, 80), "1", space, in: stage).output == "result 0\n")
    #expect(
      try await Self.attempt(newfstatat, "-100", "s:/etc/passwd", space, "0", in: "first").output == "result 0\n")
  }

  @Test(arguments: ["running", "running-threads"]) func noNewCodeIsMade(_ stage: String) async throws {
    // PROT_READ, PROT_WRITE, PROT_EXEC; MAP_PRIVATE, MAP_ANONYMOUS.
    #expect(try await Self.attempt(.mmap, "0", "4096", "3", "34", "-1", "0", in: stage).output.hasPrefix("result "))
    #expect(try await Self.attempt(.mmap, "0", "4096", "7", "34", "-1", "0", in: stage).output == "errno 1\n")
    #expect(try await Self.attempt(.mprotect, "0", "4096", "5", in: stage).output == "errno 1\n")
    #expect(try await Self.attempt(.mmap, "0", "4096", "7", "34", "-1", "0", in: "loading").output.hasPrefix("result "))
  }

  @Test(.enabled(if: isRoot)) func anotherUserIsForGood() async throws {
    let getuid = SystemCall("getuid", 102, 174)
    #expect(try await Self.attempt(getuid, in: "running", as: "60700").output == "result 60700\n")
    #expect(try await Self.attempt(getuid, in: "running").output == "result 0\n")
  }

  /// The fields of /proc/PID/task/TID/status of every thread.
  static func statuses(of process: Int32) throws -> [[String: String]] {
    let tasks = try #require(opendir("/proc/\(process)/task"))
    defer { closedir(tasks) }
    var found: [[String: String]] = []
    while let entry = readdir(tasks) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      guard let text = readFile("/proc/\(process)/task/\(name)/status") else { continue }
      var fields: [String: String] = [:]
      for line in text.split(separator: "\n") {
        guard let colon = line.firstIndex(of: ":") else { continue }
        fields[String(line[..<colon])] = line[line.index(after: colon)...].split(separator: "\t").joined(separator: " ")
      }
      found.append(fields)
    }
    return found
  }

  @Test func aRunningAppHasNoRights() async throws {
    let bed = try AppTestBed()
    let app = try await bed.launch(eventApp())
    var history = AppHistory()
    try await history.read(app) { $0.isStarted }
    let statuses = try Self.statuses(of: app.processIdentifier)
    // Main, ZeroMQ's, the app's.
    #expect(statuses.count >= 4)
    for status in statuses {
      #expect(status["NoNewPrivs"] == "1" && status["Seccomp"] == "2")
      for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] { #expect(status[set] == "0000000000000000") }
      if Self.isRoot { #expect(status["CapBnd"] == "0000000000000000") }
    }
    let limits = try #require(readFile("/proc/\(app.processIdentifier)/limits"))
    let values = Dictionary(
      uniqueKeysWithValues: limits.split(separator: "\n").dropFirst().map { line in
        (line.prefix(26).split(separator: " ").joined(separator: " "), line.dropFirst(26).split(separator: " ")[0])
      })
    #expect(values["Max core file size"] == "0" && values["Max open files"] == "64")
    #expect(values["Max file size"] == "\(64 << 20)" && values["Max locked memory"] == "0")
    #expect(try #require(values["Max data size"].flatMap { UInt64($0) }) < 1 << 30)
    await app.stop(grace: .seconds(5))
  }

  @Test(.enabled(if: isRoot)) func eachStartIsAnotherUser() async throws {
    let bed = try AppTestBed()
    let users = try AppUsers("60600-60601", isRoot: true, mapping: "0 0 4294967295")
    let launcher = try ProcessAppLauncher(
      executable: product("xtblish-app-host"), directory: bed.folder.path("users"), users: users)
    try bed.write(try await assemble(eventApp(initialize: "(call $hello) (i32.const 0)")), to: bed.modulePath)
    var seen: [String] = []
    for _ in 0..<3 {
      // The module and the code's place are root's alone.
      let app = try await launcher.launch(
        AppLaunch(modulePath: bed.modulePath, compiledCachePath: bed.cachePath, deviceID: [], version: 1))
      var history = AppHistory()
      try await history.read(app) { $0.isStarted }
      #expect(history.texts(.app) == ["hello"] && history.texts(.host).isEmpty)
      for status in try Self.statuses(of: app.processIdentifier) {
        #expect(status["Uid"] == status["Gid"] && status["Groups"]?.contains(where: \.isNumber) == false)
        #expect(status["CapPrm"] == "0000000000000000" && status["CapBnd"] == "0000000000000000")
        seen.append(status["Uid"]?.split(separator: " ").first.map(String.init) ?? "")
      }
      await app.stop(grace: .seconds(5))
    }
    #expect(Set(seen) == ["60600", "60601"])
    #expect(try #require(readFile(bed.cachePath, limit: 8)) == "XTBCODE2")
  }
}

/// The beginning of a file, as text.
private func readFile(_ path: String, limit: Int = 1 << 16) -> String? {
  guard let file = fopen(path, "re") else { return nil }
  defer { fclose(file) }
  var bytes = [UInt8](repeating: 0, count: limit)
  let count = fread(&bytes, 1, limit, file)
  return String(decoding: bytes[..<count], as: UTF8.self)
}
