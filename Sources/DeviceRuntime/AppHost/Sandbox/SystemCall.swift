/// The processors whose system calls are known by number. Others get no filter, which the log says.
enum ProcessorArchitecture: Sendable, CaseIterable {
  case amd64
  case aarch64

  static var current: ProcessorArchitecture? {
    #if arch(x86_64)
      .amd64
    #elseif arch(arm64)
      .aarch64
    #else
      nil
    #endif
  }

  /// `AUDIT_ARCH_…` of linux/audit.h.
  var auditNumber: UInt32 {
    switch self {
    case .amd64: 0xC000_003E
    case .aarch64: 0xC000_00B7
    }
  }
}

/// A call of the kernel: its numbers from asm/unistd_64.h and asm-generic/unistd.h. Some, older than aarch64, are not
/// there.
struct SystemCall: Sendable, Equatable {
  let name: String
  private let onX86: UInt32?
  private let onARM: UInt32?

  init(_ name: String, _ onX86: UInt32?, _ onARM: UInt32?) {
    self.name = name
    self.onX86 = onX86
    self.onARM = onARM
  }

  func number(on architecture: ProcessorArchitecture) -> UInt32? {
    switch architecture {
    case .amd64: onX86
    case .aarch64: onARM
    }
  }
}

extension SystemCall {
  // Those whose arguments decide.
  static let clone = SystemCall("clone", 56, 220)
  static let clone3 = SystemCall("clone3", 435, 435)
  static let ioctl = SystemCall("ioctl", 16, 29)
  static let openat = SystemCall("openat", 257, 56)
  static let prctl = SystemCall("prctl", 157, 167)
  static let prlimit64 = SystemCall("prlimit64", 302, 261)
  static let schedSetScheduler = SystemCall("sched_setscheduler", 144, 119)
  static let tgkill = SystemCall("tgkill", 234, 131)
  static let fcntl = SystemCall("fcntl", 72, 25)
  static let futex = SystemCall("futex", 202, 98)
  static let madvise = SystemCall("madvise", 28, 233)
  static let mmap = SystemCall("mmap", 9, 222)
  static let mprotect = SystemCall("mprotect", 10, 226)
  static let sendto = SystemCall("sendto", 44, 206)
  static let socketpair = SystemCall("socketpair", 53, 199)
  static let membarrier = SystemCall("membarrier", 324, 283)
  static let memfdCreate = SystemCall("memfd_create", 319, 279)

  /// Reading and writing what is open, memory, threads that are there already, time.
  static let harmless: [SystemCall] = [
    SystemCall("read", 0, 63), SystemCall("write", 1, 64), SystemCall("readv", 19, 65), SystemCall("writev", 20, 66),
    SystemCall("pread64", 17, 67), SystemCall("lseek", 8, 62), SystemCall("close", 3, 57),
    SystemCall("fstat", 5, 80), SystemCall("dup", 32, 23), SystemCall("munmap", 11, 215),
    SystemCall("mremap", 25, 216), SystemCall("brk", 12, 214), SystemCall("sched_yield", 24, 124),
    SystemCall("nanosleep", 35, 101), SystemCall("clock_nanosleep", 230, 115),
    SystemCall("clock_gettime", 228, 113), SystemCall("clock_getres", 229, 114),
    SystemCall("gettimeofday", 96, 169), SystemCall("getrandom", 318, 278),
    SystemCall("rt_sigaction", 13, 134), SystemCall("rt_sigprocmask", 14, 135),
    SystemCall("rt_sigreturn", 15, 139), SystemCall("sigaltstack", 131, 132), SystemCall("exit", 60, 93),
    SystemCall("exit_group", 231, 94), SystemCall("restart_syscall", 219, 128), SystemCall("getpid", 39, 172),
    SystemCall("getppid", 110, 173), SystemCall("gettid", 186, 178), SystemCall("getuid", 102, 174),
    SystemCall("geteuid", 107, 175), SystemCall("getgid", 104, 176), SystemCall("getegid", 108, 177),
    SystemCall("set_robust_list", 273, 99), SystemCall("rseq", 334, 293), SystemCall("poll", 7, nil),
    SystemCall("ppoll", 271, 73), SystemCall("select", 23, nil), SystemCall("pselect6", 270, 72),
    SystemCall("epoll_wait", 232, nil), SystemCall("epoll_pwait", 281, 22), SystemCall("epoll_ctl", 233, 21),
    // No socket can be made that sends to an address (see `socketpair`), so the one that a message names, which a
    // filter can't see, is of no use.
    SystemCall("recvfrom", 45, 207), SystemCall("recvmsg", 47, 212), SystemCall("sendmsg", 46, 211),
    SystemCall("getsockopt", 55, 209), SystemCall("getsockname", 51, 204), SystemCall("getpeername", 52, 205),
    SystemCall("shutdown", 48, 210),
    SystemCall("getrusage", 98, 165), SystemCall("sysinfo", 99, 179), SystemCall("uname", 63, 160),
    SystemCall("getcpu", 309, 168), SystemCall("sched_getaffinity", 204, 123),
    SystemCall("sched_getparam", 143, 121), SystemCall("sched_getscheduler", 145, 120),
    // Of files without a name, by way of which memory images of modules are shared.
    SystemCall("ftruncate", 77, 46),
    // What the engine's WASI waits with.
    SystemCall("epoll_create1", 291, 20), SystemCall("eventfd2", 290, 19),
    SystemCall("timerfd_create", 283, 85), SystemCall("timerfd_settime", 286, 86),
  ]

  /// Finding out about files, while the module is loaded.
  static let lookingAtFiles: [SystemCall] = [
    SystemCall("newfstatat", 262, 79), SystemCall("statx", 332, 291), SystemCall("access", 21, nil),
    SystemCall("faccessat", 269, 48), SystemCall("readlink", 89, nil), SystemCall("readlinkat", 267, 78),
    SystemCall("getdents64", 217, 61), SystemCall("getcwd", 79, 17),
  ]

  /// What a process gives up rights with.
  static let confining: [SystemCall] = [
    SystemCall("seccomp", 317, 277), SystemCall("landlock_create_ruleset", 444, 444),
    SystemCall("landlock_restrict_self", 446, 446),
  ]

  /// No program that runs an app calls these; one that does was taken over.
  static let deadly: [SystemCall] = [
    SystemCall("execve", 59, 221), SystemCall("execveat", 322, 281), SystemCall("fork", 57, nil),
    SystemCall("vfork", 58, nil), SystemCall("ptrace", 101, 117), SystemCall("process_vm_readv", 310, 270),
    SystemCall("process_vm_writev", 311, 271), SystemCall("bpf", 321, 280), SystemCall("perf_event_open", 298, 241),
    SystemCall("userfaultfd", 323, 282), SystemCall("io_uring_setup", 425, 425), SystemCall("keyctl", 250, 219),
    SystemCall("add_key", 248, 217), SystemCall("request_key", 249, 218), SystemCall("mount", 165, 40),
    SystemCall("umount2", 166, 39), SystemCall("pivot_root", 155, 41), SystemCall("chroot", 161, 51),
    SystemCall("unshare", 272, 97), SystemCall("setns", 308, 268), SystemCall("init_module", 175, 105),
    SystemCall("finit_module", 313, 273), SystemCall("delete_module", 176, 106), SystemCall("kexec_load", 246, 104),
    SystemCall("reboot", 169, 142), SystemCall("open_by_handle_at", 304, 265), SystemCall("swapon", 167, 224),
    SystemCall("settimeofday", 164, 170), SystemCall("clock_settime", 227, 112), SystemCall("iopl", 172, nil),
  ]
}
