import TestSupport
import Testing

@testable import AppHost

/// The filter's program, run here as the kernel runs it, for both kinds of processor.
@Suite(.seated) struct SystemCallFilterTests {
  enum Verdict: Equatable {
    case allow
    case refuse(errno: UInt32)
    case kill
  }

  static func run(
    _ stage: SystemCallFilter.Stage, on architecture: ProcessorArchitecture, number: UInt32,
    arguments: [UInt64] = [], audit: UInt32? = nil
  ) throws -> Verdict {
    // struct seccomp_data: number, architecture, instruction pointer, six arguments; as 32-bit words.
    var data = [number, audit ?? architecture.auditNumber, 0, 0]
    for index in 0..<6 {
      let value = index < arguments.count ? arguments[index] : 0
      data += [UInt32(truncatingIfNeeded: value), UInt32(value >> 32)]
    }
    let program = SystemCallFilter(stage, processIdentifier: 4711, architecture: architecture).instructions
    #expect(program.count <= 4096)
    var (counter, accumulator) = (0, UInt32(0))
    while true {
      let instruction = try #require(program.indices.contains(counter) ? program[counter] : nil)
      let operand = instruction.operand
      counter += 1
      func jump(_ isTrue: Bool) { counter += Int(isTrue ? instruction.ifTrue : instruction.ifFalse) }
      switch instruction.code {
      case 0x20:
        #expect(operand % 4 == 0)
        accumulator = data[Int(operand) / 4]
      case 0x54: accumulator &= operand
      case 0x15: jump(accumulator == operand)
      case 0x35: jump(accumulator >= operand)
      case 0x45: jump(accumulator & operand != 0)
      case 0x06:
        switch operand & 0xFFFF_0000 {
        case 0x7FFF_0000: return .allow
        case 0x0005_0000: return .refuse(errno: operand & 0xFFFF)
        case 0x8000_0000: return .kill
        default: Issue.record("verdict \(operand)")
        }
      default: Issue.record("instruction \(instruction.code)")
      }
    }
  }

  static func verdict(
    _ stage: SystemCallFilter.Stage, _ call: SystemCall, _ arguments: UInt64...,
    on architecture: ProcessorArchitecture
  ) throws -> Verdict {
    let number = try #require(call.number(on: architecture))
    return try run(stage, on: architecture, number: number, arguments: arguments)
  }

  static let stages: [SystemCallFilter.Stage] = [
    .loading, .running(startsThreads: false), .running(startsThreads: true),
  ]

  @Test(arguments: ProcessorArchitecture.allCases) func deadlyCallsKillInEveryStage(
    _ architecture: ProcessorArchitecture
  )
    throws
  {
    for stage in Self.stages {
      for call in SystemCall.deadly where call.number(on: architecture) != nil {
        #expect(try Self.verdict(stage, call, on: architecture) == .kill, "\(call.name)")
      }
    }
  }

  @Test(arguments: ProcessorArchitecture.allCases) func whatIsNotNamedIsRefused(_ architecture: ProcessorArchitecture)
    throws
  {
    let named = Set(
      (SystemCall.deadly + SystemCall.harmless + [.clone, .clone3, .ioctl, .prctl, .prlimit64, .tgkill, .fcntl, .futex]
        + [.schedSetScheduler, .madvise, .mmap, .mprotect, .sendto, .socketpair, .membarrier, .memfdCreate])
        .compactMap { $0.number(on: architecture) })
    for number in 0..<600 as Range<UInt32> where !named.contains(number) {
      let verdict = try Self.run(.running(startsThreads: true), on: architecture, number: number)
      #expect(verdict == .refuse(errno: 1), "\(number)")
    }
  }

  @Test(arguments: ProcessorArchitecture.allCases) func socketsAreRefused(_ architecture: ProcessorArchitecture) throws
  {
    for stage in Self.stages {
      #expect(try Self.verdict(stage, SystemCall("socket", 41, 198), 1, 1, on: architecture) == .refuse(errno: 1))
      #expect(try Self.verdict(stage, SystemCall("connect", 42, 203), on: architecture) == .refuse(errno: 1))
    }
  }

  @Test(arguments: ProcessorArchitecture.allCases) func filesAreReadOnlyWhileLoadingAndClosedAfterwards(
    _ architecture: ProcessorArchitecture
  ) throws {
    #expect(try Self.verdict(.loading, .openat, 0, 0, 0o2000000, on: architecture) == .allow)
    for flags in [1, 2, 0o100, 0o1001, 0o102] as [UInt64] {
      #expect(try Self.verdict(.loading, .openat, 0, 0, flags, on: architecture) == .refuse(errno: 1))
    }
    #expect(try Self.verdict(.running(startsThreads: true), .openat, on: architecture) == .refuse(errno: 1))
  }

  @Test(arguments: ProcessorArchitecture.allCases) func threadsBeginOnlyWhereTheyAreNeeded(
    _ architecture: ProcessorArchitecture
  ) throws {
    // What the C library passes for a thread; for a child process; and clone3, whose flags nobody can see.
    let (thread, process): (UInt64, UInt64) = (0x3D_0F00, 17)
    // CLONE_THREAD with a new network namespace.
    let namespace: UInt64 = 0x403D_0F00
    #expect(try Self.verdict(.running(startsThreads: true), .clone, namespace, on: architecture) == .refuse(errno: 1))
    #expect(try Self.verdict(.running(startsThreads: true), .clone, 0x7D_0F00, on: architecture) == .allow)
    #expect(try Self.verdict(.loading, .clone, thread, on: architecture) == .allow)
    #expect(try Self.verdict(.running(startsThreads: true), .clone, thread, on: architecture) == .allow)
    #expect(try Self.verdict(.running(startsThreads: false), .clone, thread, on: architecture) == .refuse(errno: 1))
    for stage in Self.stages {
      #expect(try Self.verdict(stage, .clone, process, on: architecture) == .refuse(errno: 1))
      #expect(try Self.verdict(stage, .clone3, on: architecture) == .refuse(errno: 38))
    }
  }

  @Test(arguments: ProcessorArchitecture.allCases) func argumentsOfACallDecideWhetherItIsAllowed(
    _ architecture: ProcessorArchitecture
  ) throws {
    let stage = SystemCallFilter.Stage.running(startsThreads: false)
    #expect(try Self.verdict(stage, .tgkill, 4711, 4712, 6, on: architecture) == .allow)
    #expect(try Self.verdict(stage, .tgkill, 4710, 4710, 9, on: architecture) == .refuse(errno: 1))
    #expect(try Self.verdict(stage, .prlimit64, 0, 7, 0, on: architecture) == .allow)
    for new in [1, 1 << 32] as [UInt64] {
      #expect(try Self.verdict(stage, .prlimit64, 0, 7, new, on: architecture) == .refuse(errno: 1))
    }
    // SCHED_OTHER; SCHED_FIFO.
    #expect(try Self.verdict(stage, .schedSetScheduler, 4711, 0, on: architecture) == .allow)
    #expect(try Self.verdict(stage, .schedSetScheduler, 4711, 1, on: architecture) == .refuse(errno: 1))
    #expect(try Self.verdict(stage, .prctl, 15, on: architecture) == .allow)
    #expect(try Self.verdict(stage, .prctl, 4, 1, on: architecture) == .refuse(errno: 1))
    #expect(try Self.verdict(stage, .prlimit64, 4710, 7, 0, on: architecture) == .refuse(errno: 1))
    // GPIO_V2_GET_LINE_IOCTL; GPIO_GET_CHIPINFO_IOCTL; TIOCSTI types into a terminal.
    #expect(try Self.verdict(stage, .ioctl, 3, 0xC250_B407, on: architecture) == .allow)
    #expect(try Self.verdict(stage, .ioctl, 3, 0x8044_B401, on: architecture) == .refuse(errno: 1))
    #expect(try Self.verdict(stage, .ioctl, 0, 0x5412, on: architecture) == .refuse(errno: 1))
  }

  /// A row: the call, its arguments, and whether it passes in every stage.
  static let argumentRows: [(call: SystemCall, arguments: [UInt64], isAllowed: Bool)] = [
    // F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_DUPFD_CLOEXEC, F_ADD_SEALS, F_GET_SEALS; F_SETFL with O_NONBLOCK, O_ASYNC.
    (.fcntl, [3, 0, 0], true), (.fcntl, [3, 1, 0], true), (.fcntl, [3, 2, 1], true), (.fcntl, [3, 3, 0], true),
    (.fcntl, [3, 1030, 0], true), (.fcntl, [3, 1033, 0], true), (.fcntl, [3, 1034, 0], true),
    (.fcntl, [3, 4, 0o4000], true), (.fcntl, [3, 4, 0o20000], false), (.fcntl, [3, 4, 0o24000], false),
    // F_SETLK, F_SETOWN, F_SETSIG, F_SETOWN_EX, F_SETLEASE, F_NOTIFY, F_SETPIPE_SZ.
    (.fcntl, [3, 6, 0], false), (.fcntl, [3, 8, 1], false), (.fcntl, [3, 10, 9], false), (.fcntl, [3, 15, 0], false),
    (.fcntl, [3, 1024, 0], false), (.fcntl, [3, 1026, 0], false), (.fcntl, [3, 1031, 1 << 20], false),
    (.sendto, [3, 0, 0, 0, 0, 0], true), (.sendto, [3, 0, 0, 0, 1, 110], false),
    (.sendto, [3, 0, 0, 0, 1 << 32, 110], false),
    // FUTEX_WAIT private; FUTEX_WAIT_BITSET on the clock; FUTEX_LOCK_PI private, shared; FUTEX_CMP_REQUEUE_PI.
    (.futex, [0, 128], true), (.futex, [0, 9 | 128 | 256], true), (.futex, [0, 6 | 128], true),
    (.futex, [0, 6], false), (.futex, [0, 12 | 128], false),
    // MADV_DONTNEED; MADV_MERGEABLE; MADV_HWPOISON.
    (.madvise, [0, 0, 4], true), (.madvise, [0, 0, 12], false), (.madvise, [0, 0, 100], false),
    (.membarrier, [8], true), (.membarrier, [1], false),
    // MFD_CLOEXEC with sealing; MFD_HUGETLB.
    (.memfdCreate, [0, 3], true), (.memfdCreate, [0, 4], false),
  ]

  @Test(arguments: ProcessorArchitecture.allCases) func argumentsDecideInEveryStage(
    _ architecture: ProcessorArchitecture
  ) throws {
    for (call, arguments, isAllowed) in Self.argumentRows {
      let number = try #require(call.number(on: architecture))
      for stage in Self.stages {
        let verdict = try Self.run(stage, on: architecture, number: number, arguments: arguments)
        #expect(verdict == (isAllowed ? .allow : .refuse(errno: 1)), "\(call.name) \(arguments)")
      }
    }
  }

  @Test(arguments: ProcessorArchitecture.allCases) func codeAndPathsCloseBeforeTheAppRuns(
    _ architecture: ProcessorArchitecture
  ) throws {
    for stage in [SystemCallFilter.Stage.running(startsThreads: false), .running(startsThreads: true)] {
      for call in [SystemCall.mmap, .mprotect] {
        #expect(try Self.verdict(stage, call, 0, 4096, 3, on: architecture) == .allow)
        #expect(try Self.verdict(stage, call, 0, 4096, 5, on: architecture) == .refuse(errno: 1))
        #expect(try Self.verdict(.loading, call, 0, 4096, 5, on: architecture) == .allow)
      }
      for call in SystemCall.lookingAtFiles where call.number(on: architecture) != nil {
        #expect(try Self.verdict(stage, call, 0, 0, 0, 0x1000, on: architecture) == .refuse(errno: 1), "\(call.name)")
      }
    }
    // AF_UNIX, SOCK_STREAM with its flags; SOCK_DGRAM; AF_INET; without threads.
    let threads = SystemCallFilter.Stage.running(startsThreads: true)
    #expect(try Self.verdict(threads, .socketpair, 1, 0o2004001, on: architecture) == .allow)
    #expect(try Self.verdict(threads, .socketpair, 1, 0o2000002, on: architecture) == .refuse(errno: 1))
    #expect(try Self.verdict(threads, .socketpair, 2, 1, on: architecture) == .refuse(errno: 1))
    #expect(try Self.verdict(.running(startsThreads: false), .socketpair, 1, 1, on: architecture) == .refuse(errno: 1))
    #expect(try Self.verdict(.loading, .socketpair, 1, 2, on: architecture) == .refuse(errno: 1))
    #expect(try Self.verdict(.loading, .socketpair, 1, 1, on: architecture) == .allow)
  }

  @Test func callsOfAnotherArchitectureKill() throws {
    for stage in Self.stages {
      // i386's exit has the number of x86_64's write; x32 has a bit of its own.
      #expect(try Self.run(stage, on: .amd64, number: 1, audit: 0x4000_0003) == .kill)
      #expect(try Self.run(stage, on: .amd64, number: 0x4000_0001) == .kill)
      #expect(try Self.run(stage, on: .aarch64, number: 64, audit: 0x4000_0028) == .kill)
    }
  }
}
