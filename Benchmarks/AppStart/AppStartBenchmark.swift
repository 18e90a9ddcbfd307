import AppLink
import AppSupervision
import Foundations
import Glibc

/// Starts one app in each of some programs, in turn, until its first line of log, and looks at the memory of its process
/// when it is idle.
///
///     AppStartBenchmark APP.wasm ROUNDS PROGRAM…
///
/// Prints a line for each program: the median time from the start of the process to the line in nanoseconds, RSS and PSS
/// in KiB, and how many shared libraries are mapped.
@main
enum AppStartBenchmark {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count > 3, let rounds = Int(arguments[2]), rounds > 0 else {
      fail("usage: AppStartBenchmark APP.wasm ROUNDS PROGRAM…")
    }
    var template = Array("/tmp/xtblish-bench-XXXXXX".utf8CString)
    guard mkdtemp(&template) != nil else { fail("can't make a folder in /tmp") }
    let folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    let hosts = try arguments.dropFirst(3).enumerated().map { index, program in
      try AppHost(program: program, module: arguments[1], folder: "\(folder)/\(index)")
    }
    // The first start compiles and fills the caches.
    for host in hosts { _ = try await host.start() }
    var times = [[UInt64]](repeating: [], count: hosts.count)
    for round in 0..<rounds {
      for index in round % 2 == 0 ? Array(hosts.indices) : hosts.indices.reversed() {
        times[index].append(try await hosts[index].start().nanoseconds)
      }
    }
    for (host, times) in zip(hosts, times) {
      let memory = try await host.start(untilIdle: true).memory
      print("\(times.sorted()[times.count / 2]) \(memory.residentKiB) \(memory.proportionalKiB) \(memory.libraries)")
      host.removeFiles()
    }
    rmdir(folder)
  }

  static func fail(_ message: String) -> Never {
    let line = Array("\(message)\n".utf8)
    write(STDERR_FILENO, line, line.count)
    exit(1)
  }
}

/// A program that runs the app.
private struct AppHost {
  let launcher: ProcessAppLauncher
  let module: String
  let folder: String

  init(program: String, module: String, folder: String) throws {
    launcher = try ProcessAppLauncher(executable: program, directory: folder)
    self.module = module
    self.folder = folder
  }

  /// - Parameter untilIdle: whether to wait after the app's line for what its process has in memory then.
  /// - Returns: the time from here to the line, and the memory.
  func start(untilIdle: Bool = false) async throws -> (nanoseconds: UInt64, memory: Memory) {
    let began = KernelClock.monotonicNanoseconds()
    let app = try await launcher.launch(
      AppLaunch(
        modulePath: module, compiledCachePath: "\(folder)/code", deviceID: [UInt8](repeating: 1, count: 16), version: 1)
    )
    await app.activate()
    var time: UInt64?
    var memory = Memory()
    for await event in app.events {
      switch event {
      case .log(let line) where line.source == .app && time == nil:
        time = KernelClock.monotonicNanoseconds() - began
        if untilIdle { memory = Memory(whenIdle: app.processIdentifier) }
        await app.stop(grace: .seconds(5))
      case .ended(.stopped): break
      case .ended(let ending): AppStartBenchmark.fail("the app \(ending)")
      default: break
      }
    }
    guard let time else { AppStartBenchmark.fail("the app said nothing") }
    return (time, memory)
  }

  func removeFiles() {
    unlink("\(folder)/code")
    rmdir(folder)
  }
}

/// What a process has in memory.
private struct Memory: Equatable {
  var residentKiB = 0
  var proportionalKiB = 0
  var libraries = 0

  init() {}

  /// Waits until it does not change any more.
  init(whenIdle process: Int32) {
    var quiet = 0
    while quiet < 10 {
      // Sleeps: between two looks at figures that nothing tells of.
      usleep(50_000)
      let now = Memory(of: process)
      quiet = now == self ? quiet + 1 : 0
      self = now
    }
  }

  private init(of process: Int32) {
    for line in lines("/proc/\(process)/smaps_rollup") {
      let fields = line.split(separator: " ")
      guard fields.count == 3, let number = Int(fields[1]) else { continue }
      switch fields[0] {
      case "Rss:": residentKiB = number
      case "Pss:": proportionalKiB = number
      default: break
      }
    }
    let files = lines("/proc/\(process)/maps").compactMap { $0.split(separator: " ").last }
    libraries = Set(files.filter { $0.hasPrefix("/") && $0.contains(".so") }).count
  }
}

private func lines(_ path: String) -> [String] {
  guard let file = fopen(path, "re") else { AppStartBenchmark.fail("can't read \(path): try as root") }
  defer { fclose(file) }
  var lines: [String] = []
  var line = [CChar](repeating: 0, count: 8192)
  while fgets(&line, Int32(line.count), file) != nil {
    lines.append(String(decoding: line.prefix { $0 != 0 && $0 != 10 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }
  return lines
}
