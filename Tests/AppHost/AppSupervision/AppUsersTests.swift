import TestSupport
import Testing

@testable import AppLink
@testable import AppSupervision

/// Whom apps run as.
@Suite(.seated) struct AppUsersTests {
  static let all = "         0          0 4294967295\n"

  @Test func rootGivesEachStartTheNextID() throws {
    let users = try AppUsers("auto", isRoot: true, mapping: Self.all)
    #expect(users.user(forStart: 1) == AppUser(userID: 60_601, groupID: 60_601))
    #expect(users.user(forStart: 2) == AppUser(userID: 60_602, groupID: 60_602))
    #expect(users.user(forStart: 256) == AppUser(userID: 60_600, groupID: 60_600))
  }

  @Test(arguments: [("auto", false, all), ("auto", true, "0 100000 1000\n"), ("none", true, all), ("none", false, all)])
  func otherwiseTheyAreTheAgents(setting: String, isRoot: Bool, mapping: String) throws {
    #expect(try AppUsers(setting, isRoot: isRoot, mapping: mapping).user(forStart: 1) == nil)
  }

  @Test func oneUserIsTheSameForEachStart() throws {
    let named = try AppUsers("daemon", isRoot: true, mapping: Self.all)
    let first = try #require(named.user(forStart: 1))
    #expect(first.userID > 0 && named.user(forStart: 2) == first)
    let numbered = try AppUsers("1234", isRoot: true, mapping: Self.all)
    #expect(numbered.user(forStart: 9) == AppUser(userID: 1234, groupID: 1234))
  }

  @Test(arguments: [
    ("nobody-of-that-name", true, all, "no user"), ("0", true, all, "none"), ("9-3", true, all, "range"),
    ("0-3", true, all, "range"), ("70000-70001", true, "0 0 65536", "uid_map"), ("daemon", false, all, "only root"),
  ])
  func aSettingThatCanNotBeFollowedSaysWhy(setting: String, isRoot: Bool, mapping: String, word: String) {
    let problem = #expect(throws: AppUsers.Problem.self) {
      try AppUsers(setting, isRoot: isRoot, mapping: mapping)
    }
    #expect(problem?.description.contains(word) == true)
  }
}
