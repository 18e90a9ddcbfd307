import Logging
import PostgreSQL
import TestSupport
import Testing

@Suite(.seated) struct SettingsTests {
  @Test(arguments: [
    "", "postgresql://user:sup3rsecret@host:port/db", "postgresql://user:sup3r@secret@host/db",
    "postgresql://user:sup3r/secret@host/db", "postgresql://user:12/sup3rsecret@host/db",
    "postgresql://user:sup3rsecret@[::1/db", "postgresql://user:sup3rsecret%zz@host/db",
    "postgresql://user:sup3rsecret@host/db?sslmoode=require", "postgres user=x password='sup3rsecret",
    "host=a\0b",
  ])
  func anUnusableURLIsRefusedWithoutAWordOfIt(_ url: String) {
    do {
      _ = try PostgresPool(url: url, logger: quietLogger)
      Issue.record("accepted")
    } catch {
      #expect(error.kind == .configuration)
      #expect(!"\(error) \(String(reflecting: error))".contains("sup3r"))
      #expect(!"\(error)".contains("secret"))
    }
  }

  @Test func aPoolInALogLineShowsNoPassword() throws {
    let pool = try PostgresPool(url: "postgresql://user:sup3rsecret@host/db", logger: quietLogger)
    var text = ""
    dump(pool, to: &text)
    #expect(!text.contains("sup3rsecret"))
    #expect(!String(reflecting: pool).contains("sup3rsecret"))
  }
}
