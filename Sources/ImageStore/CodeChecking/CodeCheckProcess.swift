import CLinux
import Glibc
import Linux
import Wasmtime

/// The process that has the engine loaded, and starts a copy of itself for each module. A copy costs a fraction of a
/// program's start, and what one module does to the engine ends with it.
package enum CodeCheckProcess {
  /// Takes modules from the socket that is its standard input until that ends, each as a message of two descriptors:
  /// the module's, and one to write the ``CodeVerdict`` to.
  package static func run(engine path: String) -> Never {
    linux_set_no_new_privileges()
    // The thread that starts this program may have all signals blocked, and so the alarm that ends a copy that hangs.
    var none = sigset_t()
    sigemptyset(&none)
    sigprocmask(SIG_SETMASK, &none, nil)
    // Nobody waits for the copies.
    signal(SIGCHLD, SIG_IGN)
    let engine: Engine?
    do throws(WasmtimeError) {
      try EngineLibrary.load(path: path)
      engine = try Engine(EngineConfiguration(compilesInParallel: false))
    } catch {
      engine = nil
    }
    while true {
      var descriptors: [CInt] = [-1, -1]
      let count = linux_receive_descriptors(STDIN_FILENO, &descriptors, 2)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { _exit(0) }
      let (module, verdict) = (descriptors[0], descriptors[1])
      if linux_fork() == 0 { watch(module, verdict, engine) }
      close(module)
      close(verdict)
    }
  }

  /// Longer than the image store waits.
  private static let seconds: CUnsignedInt = 65
  private static let processorSeconds: UInt64 = 30
  /// How much address space the process gets: enough for the program, the engine, and what is known of the types and
  /// functions of an ordinary module.
  private static let addressSpaceBytes: UInt64 = 1 << 30

  /// Has a copy look at the module, and tells how that ended.
  private static func watch(_ module: CInt, _ verdict: CInt, _ engine: Engine?) -> Never {
    linux_set_parent_death_signal(SIGKILL)
    close(STDIN_FILENO)
    signal(SIGCHLD, SIG_DFL)
    // Its end is the other's, too.
    alarm(seconds)
    let process = linux_fork()
    if process == 0 { look(module, verdict, engine) }
    var status: CInt = 0
    guard process > 0, waitpid(process, &status, 0) == process else { _exit(EX_OSERR) }
    // The macros WIFSIGNALED, WTERMSIG and WEXITSTATUS.
    let signal = UInt8(status & 0x7F)
    var outcome = signal == 0 ? UInt8(status >> 8 & 0xFF) : CodeVerdict.signals.lowerBound | signal
    _ = write(verdict, &outcome, 1)
    _exit(0)
  }

  /// Reads the module from its beginning, and writes why it is not valid, if it is not.
  private static func look(_ module: CInt, _ verdict: CInt, _ engine: Engine?) -> Never {
    confine()
    guard let engine else { leave(.notChecked) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 20)
    while true {
      let count = pread(module, &buffer, buffer.count, off_t(bytes.count))
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { leave(.notChecked) }
      if count == 0 { break }
      bytes += buffer[..<count]
    }
    ProcessResource.addressSpace.lower(to: addressSpaceBytes + 16 * UInt64(bytes.count))
    do throws(WasmtimeError) {
      try Module.validate(bytes, engine: engine)
    } catch {
      guard error.kind == .invalidModule else { leave(.notChecked) }
      let words = Array(error.message.utf8.prefix(CodeVerdict.maximumWordBytes))
      _ = write(verdict, words, words.count)
      leave(.invalid)
    }
    leave(.valid)
  }

  private static func leave(_ outcome: CodeVerdict.Outcome) -> Never { _exit(CInt(outcome.rawValue)) }

  /// Gives up what the process does not need, as the module's bytes are a stranger's.
  private static func confine() {
    linux_set_parent_death_signal(SIGKILL)
    ProcessResource.processorTime.lower(to: processorSeconds)
    ProcessResource.core.lower(to: 0)
    ProcessResource.fileSize.lower(to: 0)
  }
}
