import Glibc

/// Keeps a process's memory, and so its keys and tokens, out of core dumps.
enum CoreDumps {
  /// From here on a crash leaves no memory behind: neither in a file, which the limit forbids, nor with a program that
  /// the kernel pipes dumps to, which gets a dump without a single mapping. Children inherit both.
  static func exclude() {
    var limit = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &limit)
    // See core(5): a bit for each kind of mapping. A kernel without dumps has no such file.
    let file = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC)
    guard file >= 0 else { return }
    _ = write(file, "0\n", 2)
    close(file)
  }
}
