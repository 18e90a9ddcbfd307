import Foundations
import Sodium
import Testing

/// Against digests that another implementation made: Python, hashlib.blake2b(…, digest_size=32).
struct BLAKE2bTests {
  @Test(arguments: [
    ("", 1, "0e5751c026e543b2e8ab2eb06099daa1d1e5df47778f7787faab45cdf12fe3a8"),
    ("abc", 1, "bddd813c634239723171ef3fee98579b94964e3bb1cb3e427262c8c068d52319"),
    ("a", 1_000_000, "0741850f36cba4259628355d1073e24ddb9ca0e1bfac36fd39ae5dc2101e23a4"),
  ])
  func digestsAreThoseOfTheStandard(text: String, count: Int, digest: String) {
    let bytes = Array(String(repeating: text, count: count).utf8)
    #expect(Hexadecimal.encode(BLAKE2b.digest(of: bytes)) == digest)
  }
}
