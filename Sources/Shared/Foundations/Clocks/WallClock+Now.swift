extension WallClock {
  /// The present moment by this machine's clock.
  package static var now: WallClock { WallClock(nanoseconds: KernelClock.realtimeNanoseconds()) }
}
