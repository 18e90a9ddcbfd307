import CodeChecking
import TestSupport
import Testing

/// What the process that looks at a module writes.
@Suite(.seated) struct CodeVerdictTests {
  @Test func theLastByteIsTheOutcomeAndWhatIsBeforeItAreWords() {
    #expect(CodeVerdict([0]) == .valid)
    #expect(CodeVerdict(Array("no".utf8) + [1]) == .invalid("no"))
    #expect(CodeVerdict([128 + 9]) == .endedBySignal(9))
  }

  @Test func whatWasCutOffIsNoVerdict() {
    #expect(CodeVerdict([]) == .notChecked)
    #expect(CodeVerdict(Array("type mism".utf8)) == .notChecked)
    #expect(CodeVerdict([2]) == .notChecked)
  }
}
