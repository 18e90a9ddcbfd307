/// A publisher's `key`, and the `apps` that it may sign for.
package struct PublisherDelegation: Hashable, Sendable {
  /// How many names of apps one key may have.
  package static let maximumApps = 64

  /// Which apps a key may sign for.
  package enum Apps: Hashable, Sendable {
    /// Written `*`: apps of any name, and those without one.
    case any
    /// Apps of exactly these names; at least one, none of them empty.
    case named(Set<AppLabel>)
  }

  package let key: TrustedKey
  package let apps: Apps

  package init(key: TrustedKey, apps: Apps) {
    self.key = key
    self.apps = apps
  }

  /// Whether the key may sign for an app of this name.
  package func covers(_ name: AppLabel) -> Bool {
    switch apps {
    case .any: true
    case .named(let names): names.contains(name)
    }
  }
}
