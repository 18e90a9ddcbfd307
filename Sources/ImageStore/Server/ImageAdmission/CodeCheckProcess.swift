import CLinux
import Glibc
import Linux
import Wasmtime

/// The process that lets the engine look at one module.
package enum CodeCheckProcess {
  /// Reads the module from the standard input, writes why it is not valid to the standard output (nothing if it is),
  /// and ends the process.
  package static func run(engine path: String) -> Never {
    confine()
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    // From the beginning, wherever whoever wrote the file is.
    while true {
      let count = pread(STDIN_FILENO, &buffer, buffer.count, off_t(bytes.count))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { _exit(EX_IOERR) }
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    ProcessResource.addressSpace.lower(to: addressSpaceBytes + 16 * UInt64(bytes.count))
    do throws(WasmtimeError) {
      try EngineLibrary.load(path: path)
      try Module.validate(bytes, engine: Engine(EngineConfiguration(compilesInParallel: false)))
    } catch {
      guard error.kind == .invalidModule else { _exit(EX_UNAVAILABLE) }
      let words = Array(error.message.utf8.prefix(4096))
      _ = write(STDOUT_FILENO, words, words.count)
    }
    _exit(0)
  }

  /// How much address space the process gets: enough for the program, the engine, and what is known of the types and
  /// functions of an ordinary module.
  private static let addressSpaceBytes: UInt64 = 1 << 30
  private static let processorSeconds: UInt64 = 30

  /// Gives up what the process does not need, as the module's bytes are a stranger's.
  private static func confine() {
    linux_set_parent_death_signal(SIGKILL)
    linux_set_no_new_privileges()
    ProcessResource.processorTime.lower(to: processorSeconds)
    ProcessResource.core.lower(to: 0)
    ProcessResource.fileSize.lower(to: 0)
  }
}
