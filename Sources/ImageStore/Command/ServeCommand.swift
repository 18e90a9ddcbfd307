import ArgumentParser
import Glibc
import ImageStoreServer
import ServiceKit

struct ServeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve", abstract: "Run the service until SIGTERM or SIGINT.",
    discussion: "Settings come from the environment and a file; check-config lists them.")

  @OptionGroup var options: ServeOptions

  func run() async throws {
    try await runAdmin {
      let process = try options.prepare(ImageStoreSettings.self)
      let store = try await ImageStore(
        process.settings, isInsecure: process.process.isInsecure, bus: process.openBus(), metrics: process.metrics,
        diskMinimumBytes: process.process.diskMinimumBytes, executable: ownExecutable(), logger: process.logger)
      try await ServiceHost.run(
        name: ImageStoreCommand.executable, logger: process.logger, services: store.services,
        readiness: store.readiness, shutdownTimeout: process.process.shutdownTimeout)
    }
  }
}

/// To look at the code of modules in a process of its own; nil if it can't be found.
private func ownExecutable() -> String? {
  guard let path = realpath("/proc/self/exe", nil) else { return nil }
  defer { free(path) }
  return String(cString: path)
}
