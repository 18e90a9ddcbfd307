import DeviceProtocol
import TestSupport
import Testing

@Suite(.seated) struct TopicFilterTests {
  @Test(arguments: ["", "/a", "a/#/b", "a#", "a/b+", "+a/b", "##"])
  func whatIsNoFilterIsRefused(text: String) { #expect(TopicFilter(text) == nil) }

  @Test(arguments: [
    ("a/b", "a/b", true), ("a/b", "a/c", false), ("a/b", "a", false), ("a", "a/b", false), ("+", "a", true),
    ("+", "a/b", false), ("a/+", "a/b", true), ("a/+", "a/", true), ("a/+/c", "a/b/c", true), ("#", "a", true),
    ("#", "a/b/c", true), ("a/#", "a", true), ("a/#", "a/b/c", true), ("a/#", "b", false), ("a/+/#", "a", false),
    ("a/+/#", "a/b", true), ("#", "#", true), ("#", "+/a", true), ("+", "+", true), ("a", "+", false),
    ("+", "#", false),
    ("a/+", "a/#", false), ("a/#", "a/#", true), ("a/#", "a/+", true), ("a/#", "+/b", false), ("+/b", "a/b", true),
    ("a/b", "a/+", false), ("+/+", "+/b", true),
  ])
  func aFilterCoversWhatItMatches(grant: String, other: String, isCovered: Bool) throws {
    #expect(try #require(TopicFilter(grant)).covers(#require(TopicFilter(other))) == isCovered)
  }

  @Test func topicsHaveNoWildcards() throws {
    #expect(try #require(TopicFilter("a/b")).isTopic)
    #expect(try !#require(TopicFilter("a/+")).isTopic)
    #expect(try !#require(TopicFilter("#")).isTopic)
  }

  /// A broker compares bytes: "é" in one piece and in two differ, and a mark behind a slash does not hide the slash.
  @Test func topicsAreBytes() throws {
    let (one, two) = try (#require(TopicFilter("caf\u{E9}/+")), #require(TopicFilter("cafe\u{301}/x")))
    #expect(!one.covers(two) && one != two)
    #expect(try one.covers(#require(TopicFilter("caf\u{E9}/x"))))
    let marked = try #require(TopicFilter("a/\u{301}b"))
    #expect(try #require(TopicFilter("a/+")).covers(marked) && !(try #require(TopicFilter("+")).covers(marked)))
    #expect(TopicFilter("/\u{301}b") == nil)
    #expect(TopicFilter("a/+\u{301}") == nil && TopicFilter("#\u{301}") == nil)
  }
}
