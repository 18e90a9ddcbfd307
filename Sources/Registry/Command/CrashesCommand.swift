import ArgumentParser
import Foundation
import RegistryClient
import ServiceKit

struct CrashesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crashes", abstract: "Show which apps crashed, and where.",
    subcommands: [ListCrashesCommand.self, ShowCrashCommand.self])
}

struct ListCrashesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List crashes, newest first.")

  @OptionGroup var options: AdminOptions
  @Option(help: ArgumentHelp("Only crashes on this device.", valueName: "device"), completion: DeviceCompletion.kind)
  var device: String?
  @Option(help: ArgumentHelp("Only crashes of the app with this name.", valueName: "name")) var app: String?
  @Flag(help: "Show equal crashes as one, with their count.") var grouped = false
  @OptionGroup var list: ListOptions

  func run() async throws {
    try await runAdmin {
      let (crashes, hasMore) = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).crashes(
          device: device, app: app, grouped: grouped, limit: list.most(json: options.json))
      }
      if options.json {
        try printJSON(crashes)
      } else {
        StandardOutput.write(CrashDocument.table(crashes, grouped: grouped, columns: list.table.columns))
      }
      list.tell(hasMore: hasMore)
    }
  }
}

struct ShowCrashCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show a crash with functions, files and lines.",
    discussion: """
      Lines need the app's unstripped module in the image store (xtblish-image-store push --debug) and llvm-symbolizer: \
      the one named in XTBLISH_LLVM_SYMBOLIZER, that of a Swift toolchain, or Debian's.
      """)

  @OptionGroup var options: AdminOptions
  @Argument(help: "The crash's number.") var number: UInt64

  @Option(
    help: ArgumentHelp(
      "The image store's URL.", discussion: "Otherwise taken from the environment: XTBLISH_IMAGE_STORE_URL.",
      valueName: "https://host:port"))
  var imageStore: String?

  @OptionGroup var credentials: HTTPCredentialOptions

  func run() async throws {
    try await runAdmin {
      let environment = ProcessInfo.processInfo.environment
      let crash = try await options.withClient(of: Registry.self) { client in
        try await RegistryAdministration(client, deadline: options.deadline).crash(number)
      }
      let fromEnvironment = environment["XTBLISH_IMAGE_STORE_URL"] ?? ""
      let credentials = try credentials.credentials(environment: environment)
      let usual = credentials.caFile == nil ? "http://127.0.0.1:7121" : "https://127.0.0.1:7121"
      let cache = try DebugModuleCache(
        folder: DebugModuleCache.usualFolder(environment: environment),
        imageStore: imageStore ?? (fromEnvironment.isEmpty ? usual : fromEnvironment), credentials: credentials)
      let symbols = await CrashSymbols.find(crash, in: cache, with: try SymbolizerTool.find(environment: environment))
      if options.json {
        try printJSON(crash.with(symbols))
      } else {
        StandardOutput.write(crash.text(symbols, columns: TerminalWidth.told()))
      }
    }
  }
}
