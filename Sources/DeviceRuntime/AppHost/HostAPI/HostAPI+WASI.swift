import AppLink
import DeviceProtocol
import Foundations
import Glibc
import Wasmtime

extension HostAPI {
  private static let subscriptionBytes: Int32 = 48
  private static let eventBytes: Int32 = 32
  private static let maximumPolled: Int32 = 1024

  /// Functions of WASI preview 1 that this device has in place of the engine's own. Their results are errnos, which
  /// are positive there.
  static let wasiFunctions = [
    HostAPIFunction(
      module: HostInterface.wasiModule, "poll_oneoff",
      """
      Waits until the first of some clocks shows a time, or a descriptor is ready. The engine's own waits for whole \
      milliseconds; this one is as exact as the kernel's timers.
      """
    ) { _, call in
      do throws(HostErrno) {
        try poll(call)
        return 0
      } catch {
        return -error.result
      }
    }
  ]

  /// What is waited for: a record of 48 bytes.
  private struct PollSubscription {
    enum Kind {
      case clock(due: UInt64)
      /// Standard output and error take everything at once, and standard input is at its end.
      case ready(isAtEnd: Bool)
      case failed(HostErrno)
    }

    var userData: [UInt8]
    var tag: UInt8
    var kind: Kind

    init(_ bytes: ArraySlice<UInt8>, now: UInt64) {
      let bytes = Array(bytes)
      userData = Array(bytes[0..<8])
      tag = bytes[8]
      let descriptor = Self.number(bytes[16..<20])
      switch tag {
      case 0:
        let isAbsolute = bytes[40] & 1 != 0
        kind = Self.clock(descriptor, timeout: Self.number(bytes[24..<32]), isAbsolute: isAbsolute, now: now)
      case 1: kind = descriptor == 0 ? .ready(isAtEnd: true) : .failed(.badHandle)
      case 2: kind = descriptor == 1 || descriptor == 2 ? .ready(isAtEnd: false) : .failed(.badHandle)
      default: kind = .failed(.invalid)
      }
    }

    private static func clock(_ id: UInt64, timeout: UInt64, isAbsolute: Bool, now: UInt64) -> Kind {
      switch (id, isAbsolute) {
      case (0...1, false): return .clock(due: now &+ min(timeout, UInt64(TimerTable.maximumTime)))
      case (1, true): return .clock(due: timeout)
      case (0, true):
        let today = KernelClock.realtimeNanoseconds()
        let left = timeout > today ? min(timeout - today, UInt64(TimerTable.maximumTime)) : 0
        return .clock(due: now &+ left)
      default: return .failed(.invalid)
      }
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
      bytes.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    }

    /// The record of 32 bytes that answers it; nil if its time has not come.
    func event(now: UInt64) -> [UInt8]? {
      var (errno, isAtEnd) = (UInt8(0), false)
      switch kind {
      case .clock(let due): if now < due { return nil }
      case .ready(let ends): isAtEnd = ends
      case .failed(let failure): errno = UInt8(failure.rawValue)
      }
      var event = userData + [errno, 0, tag]
      event += [UInt8](repeating: 0, count: 13) + [isAtEnd ? 1 : 0]
      return event + [UInt8](repeating: 0, count: Int(eventBytes) - event.count)
    }
  }

  private static func poll(_ call: borrowing HostCall) throws(HostErrno) {
    let (input, output, count, events) = (call.i32(0), call.i32(1), call.i32(2), call.i32(3))
    guard (1...maximumPolled).contains(count) else { throw .invalid }
    guard call.contains(output, count: count * eventBytes), call.contains(events, count: 4),
      let bytes = call.read(at: input, count: count * subscriptionBytes)
    else { throw .fault }
    let began = KernelClock.monotonicNanoseconds()
    let size = Int(subscriptionBytes)
    let subscriptions = (0..<Int(count)).map { PollSubscription(bytes[$0 * size..<($0 + 1) * size], now: began) }
    var ready = subscriptions.compactMap { $0.event(now: began) }
    if ready.isEmpty {
      let dues = subscriptions.compactMap { subscription in
        if case .clock(let due) = subscription.kind { due } else { nil }
      }
      // Nothing is ready, so there are clocks, and nothing but clocks.
      KernelClock.sleep(until: dues.min() ?? began)
      let now = KernelClock.monotonicNanoseconds()
      ready = subscriptions.compactMap { $0.event(now: now) }
    }
    let number = Int32(ready.count)
    guard call.write(ready.flatMap { $0 }, at: output),
      call.write((0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }, at: events)
    else { throw .fault }
  }
}
