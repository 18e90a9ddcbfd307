import Glibc

/// What the kernel bounds of one process, under the numbers of asm-generic/resource.h: `processorTime` in seconds;
/// `fileSize` (of each file that it writes), `data`, `stack`, `core`, `lockedMemory`, `addressSpace` and `messageQueues`
/// in bytes; `processes` of the process's user and `openFiles` counted; `nice` and `realtimePriority` as `setrlimit(2)`
/// has them.
package enum ProcessResource: UInt32 {
  case processorTime = 0
  case fileSize = 1
  case data = 2
  case stack = 3
  case core = 4
  case processes = 6
  case openFiles = 7
  case lockedMemory = 8
  case addressSpace = 9
  case messageQueues = 12
  case nice = 13
  case realtimePriority = 14

  /// Lowers this process's bound for good; one that is lower already stays.
  package func lower(to value: UInt64) {
    var limit = rlimit()
    let number = __rlimit_resource_t(rawValue)
    guard unsafe getrlimit(number, &limit) == 0 else { return }
    let value = min(rlim_t(value), limit.rlim_max)
    limit = rlimit(rlim_cur: value, rlim_max: value)
    // Lowering one's own limit is always allowed.
    unsafe setrlimit(number, &limit)
  }
}
