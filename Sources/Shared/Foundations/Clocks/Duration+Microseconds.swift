extension Duration {
  /// Microseconds, rounded down; 0 for what is negative.
  package var wholeMicroseconds: UInt64 {
    let (seconds, attoseconds) = components
    return UInt64(clamping: seconds) * 1_000_000 + UInt64(clamping: attoseconds / 1_000_000_000_000)
  }
}
