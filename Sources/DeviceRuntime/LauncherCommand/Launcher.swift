import Glibc
import RuntimeBundle
import RuntimeSlots
import UpdateCore

/// Starts the device's runtime: the one on trial, the one that was confirmed, or the package's. It is the part that is never
/// replaced in the field, so it does nothing else: it becomes the program that it starts.
struct Launcher {
  /// The exit status of `configuration` of sysexits.h: nothing could be started.
  private static let nothingToStart: Int32 = 78
  private static let defaultDirectory = "/var/lib/xtblish/device"

  private let directory: String
  /// The folder of the packaged runtime.
  private let package: String
  /// What the started program gets.
  private let arguments: [String]

  /// - Parameter arguments: those of this program; with `--directory` it passes all of them on behind `run`.
  init(arguments: [String], environment: (String) -> String?) {
    let option = Self.value(of: "--directory", in: arguments)
    let variable = environment("XTBLISH_DEVICE_DIRECTORY").flatMap { $0.isEmpty ? nil : $0 }
    directory = option ?? variable ?? Self.defaultDirectory
    package = PackagedRuntime.ownFolder() ?? "/usr/lib/xtblish"
    self.arguments = ["run"] + arguments
  }

  /// What stands behind the option, as a word of its own or with `=`, as the agent takes it too.
  private static func value(of option: String, in arguments: [String]) -> String? {
    for (index, argument) in arguments.enumerated() {
      if argument == option { return index + 1 < arguments.count ? arguments[index + 1] : nil }
      if argument.hasPrefix("\(option)=") { return String(argument.dropFirst(option.count + 1)) }
    }
    return nil
  }

  /// Returns only if nothing could be started.
  func launch() -> Int32 {
    setenv(PackagedRuntime.folderVariable, package, 1)
    guard RuntimeStore.exists(in: directory) else { return startPackaged() }
    let version = PackagedRuntime.version(in: package)
    let store: RuntimeStore
    do { store = try RuntimeStore(directory: directory) } catch {
      say("the runtimes of \(directory) can't be looked at: \(error); starting the package's")
      return startPackaged()
    }
    for choice in choices(store, version) {
      guard case .slot(let slot) = choice else { return startPackaged() }
      start(slot, of: store)
    }
    return startPackaged()
  }

  private func choices(_ store: RuntimeStore, _ version: RuntimeVersion) -> [RuntimeRecord.Choice] {
    do {
      return try store.change { $0.takeStart(packaged: version) }
    } catch {
      say("the record of runtimes can't be changed, so that none is tried: \(error)")
      return (try? store.record())?.withoutTrial(packaged: version) ?? [.packaged]
    }
  }

  /// Returns if it can't be started.
  private func start(_ slot: Slot, of store: RuntimeStore) {
    do {
      let record = try store.record()
      try store.check(slot, record[slot])
      guard let path = store.path(of: RuntimeManifest.agentName, in: slot) else { return }
      if record.trial == slot {
        say("starting runtime \(record[slot].version) on trial; \(record.startsLeft) more starts are left to it")
      }
      start(path)
      say("can't start \(path): \(String(cString: strerror(errno)))")
      giveUp(slot, "it can't be started", store)
    } catch {
      say("the runtime in slot \(slot.name) can't be started: \(error)")
      giveUp(slot, "\(error)", store)
    }
  }

  /// A trial that can't be started is over; a confirmed runtime stays on record, as its flash may be readable next time.
  private func giveUp(_ slot: Slot, _ reason: String, _ store: RuntimeStore) {
    do {
      try store.change { record in if record.trial == slot { record.fail(reason) } }
    } catch {
      say("that is not on record: \(error)")
    }
  }

  private func startPackaged() -> Int32 {
    let path = "\(package)/\(RuntimeManifest.agentName)"
    start(path)
    say("can't start \(path): \(String(cString: strerror(errno))); install the package xtblish-device again")
    return Self.nothingToStart
  }

  /// Returns only if that fails, with errno.
  private func start(_ path: String) {
    let copies = ([path] + arguments).map { strdup($0) }
    defer { copies.forEach { free($0) } }
    execv(path, copies + [nil])
  }

  private func say(_ text: String) {
    let line = "xtblish-device-launcher: \(text)\n"
    _ = write(STDERR_FILENO, line, line.utf8.count)
  }
}
