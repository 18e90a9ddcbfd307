import TestSupport
import Testing

@testable import Foundations

@Suite(.seated) struct BoundedCacheTests {
  @Test func theCacheKeepsWhatIsUsed() {
    var cache = BoundedCache<Int, Int>(capacity: 10)
    for key in 0..<10 { cache[key] = key }
    for key in 10..<200 {
      #expect(cache[3] == 3)
      cache[key] = key
      #expect(cache.count <= 10)
      #expect(cache[key] == key)
    }
    #expect(cache[0] == nil)
    cache[3] = nil
    #expect(cache[3] == nil)
  }
}
