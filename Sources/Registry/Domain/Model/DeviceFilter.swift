package import Foundations

/// Which devices a list shows: those whose name begins with `namePrefix` (empty for all), in that `state` and of that
/// `health` (nil for any).
package struct DeviceFilter: Sendable, Equatable {
  /// What `state` may ask for: whether a device is there, or how far it is with what it should run.
  package enum State: Sendable, Equatable {
    case online
    case offline
    case deployment(DeploymentState)

    /// Nil for a word that is none of ``names``.
    package init?(_ text: String) {
      switch text {
      case "online": self = .online
      case "offline": self = .offline
      default:
        guard let state = DeploymentState(rawValue: text) else { return nil }
        self = .deployment(state)
      }
    }

    /// All words that `state` may be asked for with, for messages and the OpenAPI description.
    package static let names = ["online", "offline"] + DeploymentState.allCases.map(\.rawValue)
  }

  package var namePrefix: String
  /// Devices that have all of these tags.
  package var tags: [String]
  package var state: State?
  package var health: DeviceHealth?

  /// All devices.
  package static let all = DeviceFilter(namePrefix: "", tags: [], state: nil)

  package init(namePrefix: String, tags: [String], state: State?, health: DeviceHealth? = nil) {
    self.namePrefix = namePrefix
    self.tags = tags
    self.state = state
    self.health = health
  }

  /// Makes a filter of what a client wrote; empty texts filter nothing.
  ///
  /// - Throws: `invalid` for words that mean nothing, or too many tags.
  package init(namePrefix: String, tags: [String], state: String, health: String = "") throws(RequestFailure) {
    self.namePrefix = try FieldRules.namePrefix(namePrefix)
    var wanted: [String] = []
    for tag in tags where !tag.isEmpty { wanted.append(try FieldRules.tag(tag)) }
    guard wanted.count <= FieldRules.tagCount else {
      throw RequestFailure(field: "tag", "is given \(wanted.count) times: at most \(FieldRules.tagCount) are allowed")
    }
    self.tags = wanted
    if state.isEmpty {
      self.state = nil
    } else if let known = State(state) {
      self.state = known
    } else {
      throw RequestFailure(field: "state", "is none of \(State.names.joined(separator: ", "))")
    }
    if health.isEmpty {
      self.health = nil
    } else if let known = DeviceHealth(rawValue: health) {
      self.health = known
    } else {
      throw RequestFailure(
        field: "health", "is none of \(DeviceHealth.allCases.map(\.rawValue).joined(separator: ", "))")
    }
  }

  /// The least text that is greater than every text with this prefix, by code points; nil if there is none. With it
  /// the prefix is a range, which an ordered index answers.
  package static func upperBound(ofPrefix prefix: String) -> String? {
    var scalars = Array(prefix.unicodeScalars)
    while let last = scalars.popLast() {
      // The scalar after U+D7FF is U+E000: between them lie the surrogates.
      let next = last.value == 0xD7FF ? 0xE000 : last.value + 1
      if let scalar = Unicode.Scalar(next) {
        scalars.append(scalar)
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        return String(view)
      }
    }
    return nil
  }
}
