internal import FoundationEssentials
package import Wire

/// Keeps what apps store, on the device's flash. Each app has a scope of its own, by its name, so that what it stored
/// is there after an update. Calls block on a thread of the store's own.
package actor KeyValueStore {
  private let flash: any Flash
  private let limits: KeyValueLimits
  private var scopes: [String: KeyValueScope] = [:]
  private nonisolated let executor = BlockingExecutor(label: "key-value-store")

  package nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  package init(flash: any Flash, limits: KeyValueLimits = KeyValueLimits()) {
    self.flash = flash
    self.limits = limits
  }

  package func get(_ key: [UInt8], appName: String) throws(KeyValueError) -> [UInt8] {
    try scope(appName).get(key)
  }

  package func next(after key: [UInt8], appName: String) throws(KeyValueError) -> [UInt8] {
    try scope(appName).next(after: key)
  }

  /// Durable when it returns: a power cut from then on does not undo it.
  package func set(_ key: [UInt8], to value: [UInt8], appName: String) throws(KeyValueError) {
    try change(appName) { scope throws(KeyValueError) in try scope.set(key, to: value) }
  }

  package func delete(_ key: [UInt8], appName: String) throws(KeyValueError) {
    try change(appName) { scope throws(KeyValueError) in try scope.delete(key) }
  }

  /// Answers what an app asked, with an errno of WASI preview 1 if it can't be done.
  package func handle(_ request: WireKeyValueRequest, appName: String) -> WireKeyValueAnswer {
    var answer = WireKeyValueAnswer()
    answer.id = request.id
    do throws(KeyValueError) {
      switch request.operation {
      case .get(let key): answer.value = Data(try get(Array(key), appName: appName))
      case .set(let pair): try set(Array(pair.key), to: Array(pair.value), appName: appName)
      case .delete(let key): try delete(Array(key), appName: appName)
      case .next(let key): answer.value = Data(try next(after: Array(key), appName: appName))
      case nil: throw .invalid
      }
    } catch {
      answer.errno = error.errno
    }
    return answer
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

  /// For one more scope.
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

extension KeyValueError {
  /// Of WASI preview 1.
  package var errno: UInt32 {
    switch self {
    case .missing: 44
    case .invalid: 28
    case .noSpace: 51
    case .failed: 29
    }
  }
}
