import PostgreSQL
import TestSupport
import Testing

@Suite(.seated) struct ValueTests {
  private func echo(_ sql: SQL, _ value: PostgresValue) async throws -> PostgresCell {
    try await withPool { pool in
      try #require(try await pool.queryFirst(sql, [value]))["value"]
    }
  }

  @Test(arguments: ["", "plain", "ünïcödé 🚀 \u{202E}", "'; drop table x; --", "a\u{1}b\n\t\\"])
  func text(_ text: String) async throws {
    #expect(try await echo("select $1 as value", .text(text)).text == text)
  }

  @Test func textWithU0000IsRefusedNotCut() async throws {
    let error = await postgresError { _ = try await echo("select $1 as value", .text("a\0b")) }
    #expect(error?.kind == .server)
    #expect(error?.sqlState?.rawValue == "22021")
  }

  @Test(arguments: [Int64.min, -1, 0, 1, 4_294_967_296, .max])
  func anInt8ComesBackAsItWasSent(_ number: Int64) async throws {
    #expect(try await echo("select $1 as value", .int8(number)).int64 == number)
  }

  @Test func smallerWholeNumbersWidenWithTheirSign() async throws {
    try await withPool { pool in
      let row = try #require(
        try await pool.queryFirst("select (-2)::int2 as a, (-3)::int4 as b, 4294967295::oid as c"))
      #expect(try row["a"].int == -2)
      #expect(try row["b"].int == -3)
      #expect(try row["c"].int == 4_294_967_295)
    }
  }

  @Test(arguments: [0, -0.0, 1.5, -1e300, .infinity, .leastNonzeroMagnitude])
  func aFloat8ComesBackAsItWasSent(_ number: Double) async throws {
    #expect(try await echo("select $1 as value", .float8(number)).double == number)
  }

  @Test func notANumber() async throws {
    #expect(try await echo("select $1 as value", .float8(.nan)).double.isNaN)
  }

  @Test(arguments: [true, false])
  func aBoolComesBackAsItWasSent(_ flag: Bool) async throws {
    #expect(try await echo("select $1 as value", .bool(flag)).bool == flag)
  }

  @Test func bytesOfEveryValueAndNone() async throws {
    let all = (0...255).map { UInt8($0) }
    #expect(try await echo("select $1 as value", .bytea(all)).bytes == all)
    #expect(try await echo("select $1 as value", .bytea([])).bytes == [])
  }

  @Test func of16MiBOfBytes() async throws {
    let big = [UInt8](unsafeUninitializedCapacity: 16 << 20) { buffer, count in
      for index in buffer.indices { buffer[index] = UInt8(truncatingIfNeeded: index &* 31) }
      count = 16 << 20
    }
    #expect(try await echo("select $1 as value", .bytea(big)).bytes == big)
  }

  @Test func aUUIDComesBackAsItWasSent() async throws {
    let bytes: [UInt8] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 255]
    try await withPool { pool in
      let row = try #require(try await pool.queryFirst("select $1 as id, $1::text as text", [.uuid(bytes)]))
      #expect(try row["id"].uuid == bytes)
      #expect(try row["text"].text == "00010203-0405-0607-0809-0a0b0c0d0eff")
    }
  }

  @Test func aUUIDOfAnotherSizeIsRefused() async throws {
    let error = await postgresError { _ = try await echo("select $1 as value", .uuid([1, 2, 3])) }
    #expect(error?.kind == .server)
  }

  @Test(arguments: [0, 1, -1, 1_700_000_000_123_456, -2_000_000_000_000_001, 253_402_300_799_999_999])
  func aTimestampComesBackAsItWasSent(_ microseconds: Int64) async throws {
    let moment = PostgresTimestamp(microsecondsSince1970: microseconds)
    #expect(try await echo("select $1 as value", .timestamp(moment)).timestamp == moment)
  }

  @Test func aTimestampMeansTheMomentThatPostgreSQLWrites() async throws {
    try await withPool { pool in
      let row = try #require(
        try await pool.queryFirst(
          "select '2026-02-03 04:05:06.789012+00'::timestamptz as value, 'infinity'::timestamptz as never"))
      #expect(try row["value"].timestamp.microsecondsSince1970 == 1_770_091_506_789_012)
      #expect(throws: PostgresError.self) { try row["never"].timestamp }
    }
  }

  @Test func aDateKeepsItsMicroseconds() async throws {
    let moment = PostgresTimestamp(microsecondsSince1970: 1_770_091_506_789_013)
    #expect(PostgresTimestamp(moment.date) == moment)
  }

  @Test func jsonbIsCheckedAndNormalisedByTheServer() async throws {
    #expect(try await echo("select $1 as value", .jsonb(#"{"a":[1,"ü"]}"#)).text == #"{"a": [1, "ü"]}"#)
    let error = await postgresError { _ = try await echo("select $1 as value", .jsonb("{")) }
    #expect(error?.sqlState?.rawValue == "22P02")
  }

  @Test func arraysComeBackAsTheyWereSent() async throws {
    let texts = ["", "a,b", "{\"}", "NULL", "ü"]
    let uuids = [[UInt8](repeating: 7, count: 16), [UInt8](repeating: 9, count: 16)]
    #expect(try await echo("select $1 as value", .textArray(texts)).textArray == texts)
    #expect(try await echo("select $1 as value", .uuidArray(uuids)).uuidArray == uuids)
    #expect(try await echo("select $1 as value", .byteaArray([[], [0, 255]])).byteaArray == [[], [0, 255]])
    let numbers = try await echo("select $1::text as value", .int8Array([.min, 0, .max])).text
    #expect(numbers == "{-9223372036854775808,0,9223372036854775807}")
  }

  @Test func emptyArraysComeBackEmpty() async throws {
    #expect(try await echo("select $1 as value", .textArray([])).textArray == [])
    #expect(try await echo("select $1 as value", .uuidArray([])).uuidArray == [])
    #expect(try await echo("select $1 as value", .byteaArray([])).byteaArray == [])
    #expect(try await echo("select $1::text as value", .int8Array([])).text == "{}")
    #expect(try await echo("select cardinality($1) as value", .textArray([])).int == 0)
  }

  @Test func arraysThatCantBeToldAsAListAreRefused() async throws {
    try await withPool { pool in
      let row = try #require(
        try await pool.queryFirst("select array['a', null] as holed, array[array['a']] as nested"))
      #expect(throws: PostgresError.self) { try row["holed"].textArray }
      #expect(throws: PostgresError.self) { try row["nested"].textArray }
    }
  }

  @Test(arguments: [
    PostgresValue.text(nil), .int8(nil), .int(nil), .int4(nil), .float8(nil), .bool(nil), .bytea(nil), .uuid(nil),
    .timestamp(nil), .jsonb(nil), .textArray(nil), .uuidArray(nil), .byteaArray(nil), .int8Array(nil), .null,
  ])
  func aNULLIsToldFromAValue(_ null: PostgresValue) async throws {
    let cell = try await echo("select $1 as value", null)
    #expect(cell.isNull)
    #expect(cell.optional.map { $0.isNull } == nil)
  }

  @Test func aTypedNULLNeedsNoCast() async throws {
    #expect(try await echo("select $1 is null as value", .text(nil)).bool)
  }

  @Test func readingACellWronglyIsAnErrorThatSaysHow() async throws {
    try await withPool { pool in
      let row = try #require(try await pool.queryFirst("select 1 as one, null::text as nothing, 1.5::numeric as n"))
      func message(_ body: () throws -> Void) -> String {
        do {
          try body()
          return ""
        } catch {
          return "\(error)"
        }
      }
      #expect(message { _ = try row["two"].int }.contains("no column two"))
      #expect(message { _ = try row["nothing"].text }.contains("NULL"))
      #expect(message { _ = try row["one"].text }.contains("cast"))
      #expect(message { _ = try row["n"].double }.contains("cast"))
    }
  }
}
