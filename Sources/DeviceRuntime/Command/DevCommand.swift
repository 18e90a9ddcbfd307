import AppLink
import AppSupervision
import ArgumentParser
import DevelopmentLoop
import DeviceBoard
import DeviceStorage
import FoundationEssentials
import Foundations
import Glibc
import ServiceKit

struct DevCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dev", abstract: "Run an app on this machine, with no server, and again whenever its file changes.",
    discussion: """
      Pins and sensors are simulated unless a board says otherwise; what the app publishes comes back to its own \
      subscriptions. Commands are read from the standard input, one a line: "pin button 1", "sensor temperature 23", \
      "publish TOPIC TEXT", "restart", "sleep SECONDS", "quit", "help". Ctrl-C ends it.
      """)

  @Argument(help: ArgumentHelp("The app.", valueName: "app.wasm")) var module: String

  @Argument(help: "What a program finds in its arguments.") var arguments: [String] = []

  @Option(
    help: ArgumentHelp(
      "Where to keep what the app stores.", discussion: "Otherwise .xtblish-dev beside the app.", valueName: "path"))
  var directory: String?

  @Option(help: ArgumentHelp("The app's name, to which its stored values belong.", discussion: "Otherwise the file's."))
  var name: String?

  @Option(
    help: ArgumentHelp(
      "The pins and sensors, as board.json in a device's directory has them.",
      discussion: "Otherwise the pins led and button, and the sensor temperature.", valueName: "file"))
  var board: String?

  @Option(
    name: [.customLong("config")],
    help: ArgumentHelp("What the app reads with config_get; may be given several times.", valueName: "key=value"))
  var settings: [String] = []

  @Option(help: ArgumentHelp("Read commands from a file instead of the standard input.", valueName: "file"))
  var commands: String?

  @Option(help: ArgumentHelp("How much memory the app may have, in MiB.", valueName: "MiB")) var memory = 64

  func validate() throws {
    guard (1...4096).contains(memory) else { throw ValidationError("--memory must be 1 to 4096") }
    for setting in settings where !setting.contains("=") {
      throw ValidationError("--config takes KEY=VALUE, not \(setting)")
    }
  }

  func run() async throws {
    try await runAdmin {
      var limits = AppLimits.standard
      limits.memoryBytes = memory << 20
      let path = URL(fileURLWithPath: module).path
      let folder = directory ?? URL(fileURLWithPath: module).deletingLastPathComponent().path + "/.xtblish-dev"
      let configuration = DevConfiguration(
        modulePath: path, directory: folder, board: try readBoard(),
        appName: name ?? DevConfiguration.appName(ofModule: path),
        configuration: Dictionary(settings.map(Self.pair)) { $1 }, arguments: arguments, limits: limits)
      let console = DevConsole.standard(noColor: ProcessInfo.processInfo.environment["NO_COLOR"])
      do {
        try await DevLoop.run(
          configuration, executable: try AppHostExecutable.besideThisProgram(), console: console, commands: commands)
      } catch let error as AppLaunchError {
        throw AdminError("\(error)", status: .failure)
      } catch let error as FlashError {
        throw AdminError("\(error)", status: .failure)
      }
    }
  }

  private func readBoard() throws -> Board {
    guard let board else { return .simulated }
    let folder = URL(fileURLWithPath: board).deletingLastPathComponent()
    do {
      return try Board(parsing: Self.read(board), now: Self.now()) { name in
        String(decoding: try Self.read(folder.appendingPathComponent(name).path), as: UTF8.self)
      }
    } catch {
      throw AdminError("the board \(board) can't be used: \(error)", status: .data)
    }
  }

  private static func read(_ path: String) throws(SmallFileError) -> [UInt8] {
    try SmallFile.contents(of: path, .anybody, maximumBytes: Board.maximumFileBytes)
  }

  private static func pair(_ setting: String) -> (String, String) {
    let parts = setting.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    return (parts[0], parts[1])
  }

  /// On the monotonic clock, in nanoseconds.
  private static func now() -> UInt64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
