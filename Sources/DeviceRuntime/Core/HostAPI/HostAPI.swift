/// What the device offers to apps: the functions of import module `xtb1`, and WASI preview 1.
package enum HostAPI {
  /// The level in an image's header may be at most this.
  package static let level: UInt32 = 1
}
