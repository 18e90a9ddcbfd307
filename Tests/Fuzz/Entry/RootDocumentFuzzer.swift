import FuzzTargets

private let target = try! RootDocumentFuzzing()

/// What libFuzzer calls with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ start: UnsafeRawPointer?, _ count: Int) -> CInt {
  target.run(Array(UnsafeRawBufferPointer(start: start, count: count)))
  return 0
}
