import CodeChecking
import Glibc

/// The program in which the engine looks at modules. The image store starts it, beside which it lies.
@main
enum CodeCheckProgram {
  static func main() {
    guard CommandLine.arguments.count == 2 else {
      let words = Array(
        "usage: xtblish-code-check ENGINE\nThe image store starts it; by hand there is nothing to do.\n".utf8)
      _ = write(STDERR_FILENO, words, words.count)
      exit(EX_USAGE)
    }
    CodeCheckProcess.run(engine: CommandLine.arguments[1])
  }
}
