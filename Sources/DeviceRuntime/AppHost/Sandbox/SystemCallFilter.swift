/// Which system calls a process may make: a program for the kernel's filter (seccomp), built here.
///
/// What is not named is refused with EPERM, so that a library that tries something else goes on without it.
struct SystemCallFilter: Sendable {
  /// One instruction of classic BPF, as `struct sock_filter` has it.
  struct Instruction: Sendable, Equatable {
    var code: UInt16
    var ifTrue: UInt8
    var ifFalse: UInt8
    var operand: UInt32
  }

  /// What an app's process does next.
  enum Stage: Sendable {
    /// Compile a module: files may be read, threads begun.
    case loading
    /// Run the app.
    /// - Parameter startsThreads: the engine's WASI begins threads when an app first waits or prints.
    case running(startsThreads: Bool)
  }

  let instructions: [Instruction]

  init(_ stage: Stage, processIdentifier: Int32, architecture: ProcessorArchitecture) {
    var program = Program(architecture: architecture)
    SystemCall.deadly.forEach { program.add($0, [.kill]) }
    SystemCall.harmless.forEach { program.add($0, [.allow]) }
    // Aborting, and nobody else's process.
    program.add(.tgkill, .allow(argument: 0, mask: .max, oneOf: [UInt32(bitPattern: processIdentifier)]))
    // SCHED_OTHER, which a thread of ZeroMQ's asks for as it begins, and aborts without. On a busy machine it may not
    // have run yet when the filter comes.
    program.add(.schedSetScheduler, .allow(argument: 1, mask: .max, oneOf: [0]))
    // PR_SET_NAME, PR_GET_NAME, PR_SET_TIMERSLACK, PR_SET_VMA.
    program.add(.prctl, .allow(argument: 0, mask: .max, oneOf: [15, 16, 29, 0x5356_4D41]))
    // FIONBIO, FIOCLEX; and what an app's own pins are asked with: see CLinux's linux_gpio.h.
    program.add(
      .ioctl,
      .allow(
        argument: 1, mask: .max, oneOf: [0x5421, 0x5451, 0xC250_B407, 0xC110_B40D, 0xC010_B40E, 0xC010_B40F]))
    program.addDescriptorRules()
    program.addMemoryRules(stage)
    // The C library falls back to clone, whose flags can be looked at.
    program.add(.clone3, [.refuse(Program.noSystemCall)])
    switch stage {
    case .loading:
      SystemCall.lookingAtFiles.forEach { program.add($0, [.allow]) }
      // What the next stage is entered with; without capabilities a limit can only go down.
      SystemCall.confining.forEach { program.add($0, [.allow]) }
      program.add(.prlimit64, .allow(argument: 0, mask: .max, oneOf: [0]))
      // O_WRONLY, O_RDWR, O_CREAT, O_TRUNC.
      program.add(.openat, .allowIfNone(argument: 2, bits: 0o1 | 0o2 | 0o100 | 0o1000))
      program.add(.clone, Program.threadsOnly)
      // What the next stage may allow: of two filters the stricter one holds.
      program.add(.socketpair, Program.streamPair)
    case .running(let startsThreads):
      // Asking for a limit of one's own, not setting one. Nothing is looked up by a path: newfstatat, with which newer
      // C libraries look at what is open, takes one too, whatever its flags.
      program.add(.prlimit64, .allow(argument: 0, mask: .max, oneOf: [0], then: .allowIfZero(argument: 2)))
      if startsThreads {
        program.add(.clone, Program.threadsOnly)
        program.add(.socketpair, Program.streamPair)
      }
    }
    instructions = program.finish()
  }
}

/// The filter in the making. Every rule ends in a verdict, so rules are independent of each other.
private struct Program {
  typealias Instruction = SystemCallFilter.Instruction

  static let noSystemCall: UInt32 = 38
  private static let notPermitted: UInt32 = 1

  /// The flags of a thread, as the C libraries set them, with CLONE_DETACHED or without: never another process, and no
  /// new namespace.
  static let threadsOnly: [Instruction] = .allow(argument: 0, mask: ~0x40_0000, oneOf: [0x3D_0F00])

  /// AF_UNIX, SOCK_STREAM: such a pair can send to nobody else. (Its flags are SOCK_NONBLOCK and SOCK_CLOEXEC.)
  static let streamPair: [Instruction] =
    .allow(argument: 0, mask: .max, oneOf: [1], then: .allow(argument: 1, mask: 0xF, oneOf: [1]))

  private let architecture: ProcessorArchitecture
  private var instructions: [Instruction]

  init(architecture: ProcessorArchitecture) {
    self.architecture = architecture
    // struct seccomp_data: the call's number at 0, the architecture at 4.
    instructions = [
      .load(4), .jump(ifEqual: architecture.auditNumber, 1, else: 0), .kill, .load(0),
      // The x32 calls of x86_64 have their own numbers.
      .jump(ifAtLeast: 0x4000_0000, 0, else: 1), .kill,
    ]
  }

  mutating func add(_ call: SystemCall, _ verdict: [Instruction]) {
    guard let number = call.number(on: architecture) else { return }
    instructions.append(.jump(ifEqual: number, 0, else: UInt8(verdict.count)))
    instructions += verdict
  }

  /// What may be done with what is open.
  mutating func addDescriptorRules() {
    // F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC, F_ADD_SEALS, F_GET_SEALS; and F_SETFL without O_ASYNC. Not
    // F_SETOWN and F_SETSIG, which send a signal to anybody.
    let setFlags: [Instruction] = .allowIfNone(argument: 2, bits: 0o20000)
    add(
      .fcntl,
      .allow(
        argument: 1, mask: .max, oneOf: [0, 1, 2, 3, 1030, 1033, 1034],
        orElse: .allow(argument: 1, mask: .max, oneOf: [4], then: setFlags)))
    // Over what is connected, not to an address.
    add(.sendto, .allowIfZero(argument: 4))
  }

  mutating func addMemoryRules(_ stage: SystemCallFilter.Stage) {
    // FUTEX_WAIT, _WAKE, _REQUEUE, _CMP_REQUEUE, _WAKE_OP, _WAIT_BITSET, _WAKE_BITSET, by themselves or with
    // FUTEX_PRIVATE_FLAG and FUTEX_CLOCK_REALTIME; and the locks that Swift's Mutex is made of, FUTEX_LOCK_PI,
    // _UNLOCK_PI, _TRYLOCK_PI, within the process alone.
    add(
      .futex,
      .allow(
        argument: 1, mask: ~0x180, oneOf: [0, 1, 3, 4, 5, 9, 10],
        orElse: .allow(argument: 1, mask: .max, oneOf: [0x86, 0x87, 0x88])))
    // MADV_NORMAL to _DONTNEED, _FREE, _DONTFORK, _HUGEPAGE, _NOHUGEPAGE, _DONTDUMP, _POPULATE_READ, _POPULATE_WRITE.
    // Not _MERGEABLE, by which one process learns what another has in its memory.
    add(.madvise, .allow(argument: 2, mask: .max, oneOf: [0, 1, 2, 3, 4, 8, 10, 14, 15, 16, 22, 23]))
    // MEMBARRIER_CMD_QUERY, and those that concern the process alone, with their registration.
    add(.membarrier, .allow(argument: 0, mask: .max, oneOf: [0, 8, 16, 32, 64]))
    // MFD_CLOEXEC, MFD_ALLOW_SEALING, MFD_NOEXEC_SEAL.
    add(.memfdCreate, .allowIfNone(argument: 1, bits: ~0xB))
    switch stage {
    case .loading: [SystemCall.mmap, .mprotect].forEach { add($0, [.allow]) }
    // PROT_EXEC: all code is there before the app runs.
    case .running: [SystemCall.mmap, .mprotect].forEach { add($0, .allowIfNone(argument: 2, bits: 4)) }
    }
  }

  func finish() -> [Instruction] { instructions + [.refuse(Self.notPermitted)] }
}

extension [SystemCallFilter.Instruction] {
  /// Allowed if an argument's lower half, masked, is one of some values.
  ///
  /// - Parameters:
  ///   - orElse: what decides if it is none of them.
  ///   - then: what decides if it is; nil: it is allowed.
  fileprivate static func allow(
    argument: Int, mask: UInt32, oneOf values: [UInt32], orElse: Self = [.refuse(1)], then: Self? = nil
  ) -> Self {
    var program: Self = [.load(UInt32(16 + 8 * argument))]
    if mask != .max { program.append(.and(mask)) }
    let found = then ?? [.allow]
    for value in values { program += [.jump(ifEqual: value, 0, else: UInt8(found.count))] + found }
    return program + orElse
  }

  /// Allowed if none of the bits is set in an argument's lower half.
  fileprivate static func allowIfNone(argument: Int, bits: UInt32) -> Self {
    [.load(UInt32(16 + 8 * argument)), .jump(ifAnyOf: bits, 1, else: 0), .allow, .refuse(1)]
  }

  /// Allowed if all 64 bits of an argument are zero.
  fileprivate static func allowIfZero(argument: Int) -> Self {
    let offset = UInt32(16 + 8 * argument)
    return [
      .load(offset), .jump(ifEqual: 0, 0, else: 3), .load(offset + 4), .jump(ifEqual: 0, 0, else: 1), .allow,
      .refuse(1),
    ]
  }
}

/// Codes and verdicts of linux/filter.h and linux/seccomp.h.
extension SystemCallFilter.Instruction {
  fileprivate static func load(_ offset: UInt32) -> Self { Self(code: 0x20, ifTrue: 0, ifFalse: 0, operand: offset) }
  fileprivate static func and(_ mask: UInt32) -> Self { Self(code: 0x54, ifTrue: 0, ifFalse: 0, operand: mask) }
  fileprivate static func jump(ifEqual value: UInt32, _ ifTrue: UInt8, else ifFalse: UInt8) -> Self {
    Self(code: 0x15, ifTrue: ifTrue, ifFalse: ifFalse, operand: value)
  }
  fileprivate static func jump(ifAtLeast value: UInt32, _ ifTrue: UInt8, else ifFalse: UInt8) -> Self {
    Self(code: 0x35, ifTrue: ifTrue, ifFalse: ifFalse, operand: value)
  }
  fileprivate static func jump(ifAnyOf bits: UInt32, _ ifTrue: UInt8, else ifFalse: UInt8) -> Self {
    Self(code: 0x45, ifTrue: ifTrue, ifFalse: ifFalse, operand: bits)
  }
  fileprivate static func verdict(_ value: UInt32) -> Self { Self(code: 0x06, ifTrue: 0, ifFalse: 0, operand: value) }
  fileprivate static let allow = verdict(0x7FFF_0000)
  /// The whole process, by SIGSYS.
  fileprivate static let kill = verdict(0x8000_0000)
  fileprivate static func refuse(_ errno: UInt32) -> Self { verdict(0x0005_0000 | errno) }
}
