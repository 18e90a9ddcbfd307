import AppLink
import Glibc
package import Logging

/// Who apps run as, when the agent may choose. Each start of an app takes the next ID of a range, so that two apps have
/// nothing in common and what one might have left behind is not the next one's.
package struct AppUsers: Sendable, Equatable {
  /// Why the setting can't be followed.
  package struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
    package var description: String
  }

  private enum Choice: Equatable {
    case agents
    case one(AppUser)
    case range(ClosedRange<UInt32>)
  }

  /// The range that "auto" stands for, among the IDs that no distribution gives to anybody (systemd, "Users, Groups,
  /// UIDs and GIDs"): 60578 to 61183.
  static let standardRange: ClosedRange<UInt32> = 60_600...60_855

  private let choice: Choice

  /// Apps run as whoever runs the agent.
  package static let agents = AppUsers(choice: .agents)

  private init(choice: Choice) { self.choice = choice }

  /// - Parameters:
  ///   - setting: "auto", "none", a user's name, an ID, or a range "FIRST-LAST".
  ///   - mapping: the lines of /proc/self/uid_map, that is, which IDs there are.
  /// - Throws: if the setting names users and the agent is not root or there are no such users.
  package init(_ setting: String, isRoot: Bool, mapping: String) throws(Problem) {
    switch setting {
    case "none": choice = .agents
    case "auto":
      let isPossible = isRoot && Self.contains(Self.standardRange, mapping: mapping)
      choice = isPossible ? .range(Self.standardRange) : .agents
    default:
      guard isRoot else {
        throw Problem(
          description: "only root can run apps as \(setting): start the agent as root, or set device.app.user to auto")
      }
      choice = try Self.parse(setting)
      if case .range(let range) = choice, !Self.contains(range, mapping: mapping) {
        throw Problem(description: "the IDs \(setting) do not exist in this container: see /proc/self/uid_map")
      }
    }
  }

  /// Whom the app's start of that number, from 1, is for; nil: whoever runs the agent.
  func user(forStart number: UInt64) -> AppUser? {
    switch choice {
    case .agents: return nil
    case .one(let user): return user
    case .range(let range):
      let id = range.lowerBound + UInt32(number % UInt64(range.count))
      return AppUser(userID: id, groupID: id)
    }
  }

  private static func parse(_ setting: String) throws(Problem) -> Choice {
    let ends = setting.split(separator: "-", omittingEmptySubsequences: false).map { UInt32($0) }
    if ends.count == 2, let first = ends[0], let last = ends[1] {
      guard first > 0, first <= last else {
        throw Problem(description: "\(setting) is no range of user IDs: write FIRST-LAST, both above 0")
      }
      return .range(first...last)
    }
    if ends.count == 1, let id = ends[0] {
      guard id > 0 else { throw Problem(description: "apps as root are asked for with device.app.user none, not 0") }
      return .one(AppUser(userID: id, groupID: id))
    }
    guard let entry = getpwnam(setting) else {
      throw Problem(description: "there is no user \(setting): make it, or set device.app.user to auto")
    }
    return .one(AppUser(userID: entry.pointee.pw_uid, groupID: entry.pointee.pw_gid))
  }

  /// Lines of three numbers: first ID here, first ID outside, how many.
  private static func contains(_ range: ClosedRange<UInt32>, mapping: String) -> Bool {
    mapping.split(separator: "\n").contains { line in
      let numbers = line.split(separator: " ").compactMap { UInt64($0) }
      guard numbers.count == 3 else { return false }
      return numbers[0] <= UInt64(range.lowerBound) && UInt64(range.upperBound) < numbers[0] + numbers[2]
    }
  }
}

extension AppUsers {
  /// Whom apps run as in this process, read from its own `/proc`.
  ///
  /// - Parameter setting: "auto", "none", a user's name, an ID, or a range.
  package init(ofThisProcess setting: String, logger: Logger) throws(Problem) {
    let isRoot = geteuid() == 0
    self = try AppUsers(setting, isRoot: isRoot, mapping: Self.readIDs())
    if isRoot, setting == "auto", user(forStart: 1) == nil {
      logger.warning("apps run as root: the IDs 60600-60855 do not exist here; name others with device.app.user")
    }
  }

  private static func readIDs() -> String {
    guard let file = fopen("/proc/self/uid_map", "re") else { return "" }
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = fread(&bytes, 1, bytes.count, file)
    return String(decoding: bytes[..<count], as: UTF8.self)
  }
}
