import ArgumentParser
import Glibc
import ImageStoreServer
import Messaging
import ServiceKit
import Wire

@main
struct ImageStoreCommand: AsyncParsableCommand, RunnableService {
  // As `runAdmin` begins what it says: the parser alone would write "Error: ".
  static let _errorPrefix = "error: "

  static func main() async {
    StandardOutput.guardToExit()
    await runProgram()
  }

  typealias Settings = ImageStoreSettings
  typealias Root = ImageStoreCommand

  static let executable = "xtblish-image-store"
  static let busRole = BusRole.imageStore

  static func defaultEndpoint(environment: [String: String]) -> String { "tcp://127.0.0.1:7122" }

  static let configuration = rootConfiguration(
    abstract: "Keeps images by their digest and serves them to devices.",
    discussion: "Ends with the exit codes of sysexits.h.",
    subcommands: [
      ServeCommand<ImageStoreCommand>.self, PushCommand.self, PullCommand.self, ListCommand.self, StatCommand.self,
      VerifyCommand.self, KeygenCommand.self, SignCommand.self, CheckCodeCommand.self,
    ])

  static func run(_ process: PreparedProcess<ImageStoreSettings>) async throws {
    let store = try await ImageStore(
      process.settings, isInsecure: process.process.isInsecure, bus: process.openBus(), metrics: process.metrics,
      diskMinimumBytes: process.process.diskMinimumBytes, executable: ownExecutable(), logger: process.logger)
    try await ServiceHost.run(
      name: executable, logger: process.logger, services: store.services, readiness: store.readiness,
      shutdownTimeout: process.process.shutdownTimeout)
  }

  /// This program's path, to look at the code of modules in a process of its own; nil if it can't be found.
  private static func ownExecutable() -> String? {
    guard let path = realpath("/proc/self/exe", nil) else { return nil }
    defer { free(path) }
    return String(cString: path)
  }
}
