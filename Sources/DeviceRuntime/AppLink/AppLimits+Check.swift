package import WebAssemblyModule

extension AppLimits {
  /// What a module may want from its start.
  package var check: AppCheck.Limits {
    AppCheck.Limits(memoryBytes: UInt64(max(0, memoryBytes)), tableElements: UInt64(max(0, tableElements)))
  }
}
