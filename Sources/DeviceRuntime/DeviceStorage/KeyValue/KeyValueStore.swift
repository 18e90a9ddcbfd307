import Foundations

/// What an app asks of its values.
package enum KeyValueOperation: Sendable, Equatable {
  case get([UInt8])
  case set([UInt8], to: [UInt8])
  case delete([UInt8])
  /// The key that comes after this one, in the order of bytes.
  case next([UInt8])
}

/// Keeps what apps store, on the device's flash. Each app has a scope of its own, by its name, so that what it stored
/// is there after an update. Calls block on a thread of the store's own.
package actor KeyValueStore {
  private let flash: any Flash
  private let limits: KeyValueLimits
  private var scopes: [ByteText: KeyValueScope] = [:]
  private var allowances: [ByteText: (changes: TokenBucket, bytes: TokenBucket)] = [:]
  /// Monotonic nanoseconds.
  private let clock: @Sendable () -> UInt64
  private nonisolated let executor = BlockingExecutor(label: "key-value-store")

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package init(
    flash: any Flash, limits: KeyValueLimits = KeyValueLimits(),
    clock: @escaping @Sendable () -> UInt64 = { KernelClock.monotonicNanoseconds() }
  ) {
    self.flash = flash
    self.limits = limits
    self.clock = clock
  }

  /// The value of a key.
  ///
  /// - Throws: `KeyValueError.missing` if there is none.
  package func get(_ key: [UInt8], appName: String) throws(KeyValueError) -> [UInt8] {
    try scope(appName).get(key)
  }

  /// The first key after this one, in the order of bytes.
  ///
  /// - Throws: `KeyValueError.missing` if there is none.
  package func next(after key: [UInt8], appName: String) throws(KeyValueError) -> [UInt8] {
    try scope(appName).next(after: key)
  }

  /// Stores a value. Durable when it returns: a power cut from then on does not undo it.
  package func set(_ key: [UInt8], to value: [UInt8], appName: String) throws(KeyValueError) {
    try change(appName) { scope throws(KeyValueError) in try scope.set(key, to: value) }
  }

  /// Removes a key and its value. Durable when it returns.
  package func delete(_ key: [UInt8], appName: String) throws(KeyValueError) {
    try change(appName) { scope throws(KeyValueError) in try scope.delete(key) }
  }

  /// Does what an app asked for, and counts its changes: too many in a short time are refused.
  ///
  /// - Returns: the value, or for `next` the key; empty after a change.
  package func perform(_ operation: KeyValueOperation, appName: String) throws(KeyValueError) -> [UInt8] {
    switch operation {
    case .get(let key): return try get(key, appName: appName)
    case .set(let key, let value):
      // What is there already costs the flash nothing.
      if (try? get(key, appName: appName)) != value {
        try spend(key.count + value.count, appName: appName)
        try set(key, to: value, appName: appName)
      }
    case .delete(let key):
      try spend(key.count, appName: appName)
      try delete(key, appName: appName)
    case .next(let key): return try next(after: key, appName: appName)
    }
    return []
  }

  /// Counts a change that an app asks for.
  private func spend(_ bytes: Int, appName: String) throws(KeyValueError) {
    let now = clock()
    // Two apps run at a time; who is forgotten begins with a full allowance.
    if allowances.count >= 8, allowances[appName] == nil { allowances = [:] }
    var allowance =
      allowances[appName]
      ?? (
        changes: TokenBucket(perSecond: limits.changesPerSecond, burst: limits.changesAtOnce, now: now),
        bytes: TokenBucket(perSecond: limits.changedBytesPerSecond, burst: limits.changedBytesAtOnce, now: now)
      )
    defer { allowances[appName] = allowance }
    let isFew = allowance.changes.take(now: now)
    guard isFew, allowance.bytes.take(bytes, now: now) else {
      throw .tooFast(
        isFew
          ? "more than \(limits.changedBytesPerSecond) bytes changed a second (\(limits.changedBytesAtOnce) at once), "
            + "which wears the flash out: store less, or less often"
          : "more than \(limits.changesPerSecond) changes a second (\(limits.changesAtOnce) at once), which wears the "
            + "flash out: store less often, or what belongs together under one key")
    }
  }

  private func scope(_ appName: String) throws(KeyValueError) -> KeyValueScope {
    if let scope = scopes[appName] { return scope }
    let scope: KeyValueScope
    do {
      scope = try KeyValueScope(appName: appName, flash: flash, limits: limits)
    } catch {
      throw .failed("\(error)")
    }
    // Two apps run at a time; what others stored is read again when it is asked for.
    if scopes.count >= 4 { scopes = [:] }
    scopes[appName] = scope
    return scope
  }

  private func change(
    _ appName: String, _ body: (inout KeyValueScope) throws(KeyValueError) -> Void
  ) throws(KeyValueError) {
    var scope = try scope(appName)
    if !scope.isStored { try checkRoom() }
    // Also of a change that failed: it knows then that its file needs to be written anew.
    defer { scopes[appName] = scope }
    try body(&scope)
  }

  /// Makes sure that there may be one more scope.
  private func checkRoom() throws(KeyValueError) {
    let names: [String]
    do {
      names = try flash.list()
    } catch {
      throw .failed("\(error)")
    }
    guard names.count(where: { $0.hasPrefix("kv-") && !$0.hasSuffix(".new") }) < limits.scopes else {
      throw .noSpace(
        "\(limits.scopes) apps keep values on this device already: remove the kv- files of those it runs no more")
    }
  }
}
