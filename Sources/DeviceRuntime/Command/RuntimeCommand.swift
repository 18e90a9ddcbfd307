import ArgumentParser
import DeviceAdmin
import DeviceStorage
import FoundationEssentials
import RuntimeBundle
import RuntimeSlots
import ServiceKit
import UpdateCore

struct RuntimeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runtime", abstract: "Show, install, confirm and roll back the device's own software.",
    discussion: """
      A device has two places for its software besides the package's. A new one is tried at the agent's next start; it is \
      kept when it has reached the servers and runs the app. pack and sign make a bundle, where the software is built.
      """,
    subcommands: [
      ShowRuntimeCommand.self, InstallRuntimeCommand.self, ConfirmRuntimeCommand.self, RollBackRuntimeCommand.self,
      PackRuntimeCommand.self, SignRuntimeCommand.self,
    ])

  /// What went wrong, in the words and with the exit status of commands.
  static func reporting<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
      return try await body()
    } catch let error as RuntimeBundleError {
      throw AdminError("\(error)", status: .data)
    } catch let error as RuntimeRefusal {
      throw AdminError("\(error)", status: .failure)
    } catch let error as FlashError {
      throw AdminError("\(error)", status: error.kind == .noSpace ? .temporary : .failure)
    }
  }

  /// The folder of the packaged runtime: a launcher's started agent knows it, and a command lies in it.
  static var package: String {
    let told = ProcessInfo.processInfo.environment[PackagedRuntime.folderVariable] ?? ""
    return told.isEmpty ? PackagedRuntime.ownFolder() ?? "." : told
  }

  static let restartAdvice = "it counts from the agent's next start on: systemctl restart xtblish-device"
}

struct ShowRuntimeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Show the device's software: the package's, and what is in the two places.")

  @OptionGroup var directory: DirectoryOption
  @Flag(help: "Print JSON for programs instead of text for people.") var json = false

  func run() async throws {
    try await runAdmin {
      try directory.requireFolder()
      let record = try await RuntimeCommand.reporting {
        RuntimeStore.exists(in: directory.path) ? try RuntimeStore(directory: directory.path).record() : RuntimeRecord()
      }
      let view = RuntimeView(record, packaged: PackagedRuntime.version(in: RuntimeCommand.package))
      if json { try printJSON(view) } else { StandardOutput.write(view.text) }
    }
  }
}

struct ConfirmRuntimeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "confirm", abstract: "Keep the software that is on trial, without waiting for its proof.")

  @OptionGroup var directory: DirectoryOption
  @Flag(help: "Print JSON for programs instead of text for people.") var json = false

  func run() async throws {
    try await RuntimeCommand.change(directory, json: json) { record in
      guard let slot = record.trial else {
        throw AdminError("no runtime is on trial: see xtblish-device runtime show", status: .failure)
      }
      record.confirm()
      return "runtime \(record[slot].version) is kept"
    }
  }
}

struct RollBackRuntimeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rollback", abstract: "Give up the software that is on trial, or else the one that is kept.")

  @OptionGroup var directory: DirectoryOption
  @Flag(help: "Print JSON for programs instead of text for people.") var json = false

  func run() async throws {
    try await RuntimeCommand.change(directory, json: json) { record in
      guard record.rollBack() else {
        throw AdminError("the device has its package's runtime, and nothing before it", status: .failure)
      }
      return "runtime \(record.failedVersion) is given up; \(RuntimeCommand.restartAdvice)"
    }
  }
}

extension RuntimeCommand {
  fileprivate static func change(
    _ directory: DirectoryOption, json: Bool, _ body: (inout RuntimeRecord) throws -> String
  ) async throws {
    try await runAdmin {
      try directory.requireFolder()
      let (text, record) = try await reporting {
        try RuntimeStore(directory: directory.path).change { record in (try body(&record), record) }
      }
      if json {
        try printJSON(RuntimeView(record, packaged: PackagedRuntime.version(in: package)))
      } else {
        print(text)
      }
    }
  }
}
