import TestSupport
import Testing

@testable import Agent

@Suite(.seated)
struct ResidentMemoryTests {
  private static let code = "7f00a000-7f00c000 r-xp 00001000 fe:01 1234                       /usr/lib/libx.so.1\n"

  private func mapping(_ header: String, resident: Int, anonymous: Int?) -> ResidentMemory.Mapping? {
    var mapping = ResidentMemory.Mapping(header: header)
    mapping?.read(field: "Rss:                 \(resident) kB\n")
    if let anonymous { mapping?.read(field: "Anonymous:           \(anonymous) kB\n") }
    return mapping
  }

  @Test
  func codeThatNobodyChangedCanBeReadFromItsFileAgain() throws {
    let code = try #require(mapping(Self.code, resident: 8, anonymous: 0))
    #expect(code.isDisposable)
    #expect(code.start == 0x7f00_a000 && code.end == 0x7f00_c000)
  }

  @Test(
    "what exists in memory alone is never thrown away",
    arguments: [
      ("7f00a000-7f00c000 rw-p 00001000 fe:01 1234 /usr/lib/libx.so.1", 0),
      ("7f00a000-7f00c000 r--p 00001000 fe:01 1234 /usr/lib/libx.so.1", 4),
      ("7f00a000-7f00c000 r--s 00001000 fe:01 1234 /dev/shm/x", 0),
      ("7f00a000-7f00c000 rw-p 00000000 00:00 0 [heap]", 0),
      ("7f00a000-7f00c000 r-xp 00000000 00:00 0 [vdso]", 0),
      ("7f00a000-7f00c000 r--p 00000000 00:00 0 ", 0),
    ])
  func changedPagesStay(header: String, anonymous: Int) {
    #expect(mapping(header, resident: 8, anonymous: anonymous)?.isDisposable == false)
  }

  @Test
  func aKernelThatDoesNotTellOfChangedPagesLosesNone() {
    #expect(mapping(Self.code, resident: 8, anonymous: nil)?.isDisposable == false)
  }

  @Test(arguments: ["Rss:                 8 kB", "VmFlags: rd ex mr mw me sd", "", "-"])
  func aFieldIsNoHeader(line: String) {
    #expect(ResidentMemory.Mapping(header: line) == nil)
  }

  @Test
  func aRunningProcessGivesPagesBackAndGoesOn() {
    #expect(ResidentMemory.releaseFilePages() > 0)
    #expect("\([3, 1, 2].sorted())" == "[1, 2, 3]")
  }
}
