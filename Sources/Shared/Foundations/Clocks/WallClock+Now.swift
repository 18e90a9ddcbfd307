extension WallClock {
  /// By this machine's clock.
  package static var now: WallClock { WallClock(nanoseconds: KernelClock.realtimeNanoseconds()) }
}
