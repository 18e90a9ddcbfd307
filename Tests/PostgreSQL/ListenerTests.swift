import PostgreSQL
import TestSupport
import Testing

@Suite(.seated) struct ListenerTests {
  private func notification(_ event: PostgresListener.Event?) -> PostgresNotification? {
    if case .notification(let notification) = event { notification } else { nil }
  }

  @Test func saysThatItListensThenTellsEveryNotificationInOrder() async throws {
    try await withPool { pool in
      var events = try pool.listen(to: ["news", "weather"]).makeAsyncIterator()
      #expect(await events.next() == .mayHaveMissed)
      try await pool.query("select pg_notify('news', 'one')")
      try await pool.query("select pg_notify('other', 'unheard')")
      try await pool.query("select pg_notify('weather', $1)", [.text("zwei ü")])
      let first = notification(await events.next())
      #expect(first?.channel == "news" && first?.payload == "one")
      let second = notification(await events.next())
      #expect(second?.channel == "weather" && second?.payload == "zwei ü")
    }
  }

  @Test func comesBackAfterTheServerRestartsAndSaysThatSomeMayBeMissing() async throws {
    let server = try await PostgresServer()
    try await withPool(url: server.url(), { $0.acquireTimeout = .seconds(20) }) { pool in
      var events = try pool.listen(to: ["news"]).makeAsyncIterator()
      #expect(await events.next() == .mayHaveMissed)
      for round in 0..<5 {
        try await server.restart()
        #expect(await events.next() == .mayHaveMissed)
        try await pool.query("select pg_notify('news', $1)", [.text("\(round)")])
        #expect(notification(await events.next())?.payload == "\(round)")
      }
    }
    try await server.stop()
  }

  @Test func aTerminatedListenerComesBack() async throws {
    try await withPool { pool in
      var events = try pool.listen(to: ["news"]).makeAsyncIterator()
      for _ in 0..<20 {
        #expect(await events.next() == .mayHaveMissed)
        try await pool.query(
          """
          select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and query like 'listen%'
          """)
      }
    }
  }

  @Test func moreAtOnceThanTheBufferHoldsAreToldAsMissed() async throws {
    try await withPool { pool in
      var events = try pool.listen(to: ["news"], bufferLimit: 3).makeAsyncIterator()
      #expect(await events.next() == .mayHaveMissed)
      try await pool.query("select pg_notify('news', n::text) from generate_series(1, 100) as n")
      var heard: [String] = []
      while let heardNow = notification(await events.next()) { heard.append(heardNow.payload) }
      #expect(heard.count >= 3 && heard.count < 100)
      #expect(heard.prefix(3) == ["1", "2", "3"])
    }
  }

  @Test func endsWhenItsTaskIsCancelled() async throws {
    try await withPool { pool in
      for _ in 0..<20 {
        let (heard, hear) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingOldest(1))
        let listening = Task {
          for await _ in try pool.listen(to: ["news"]) { hear.yield() }
        }
        for await _ in heard { break }
        listening.cancel()
        try await listening.value
      }
      try await eventually("the end of the listeners' connections") {
        try await pool.queryFirst(
          """
          select count(*) as n from pg_stat_activity
          where datname = current_database() and query like 'listen%'
          """)?["n"].int == 0
      }
    }
  }

  @Test(arguments: ["", "News", "a b", "a;b", "\"", "1a", String(repeating: "a", count: 64)])
  func refusesAChannelWhoseNameWouldNeedQuotes(_ channel: String) async throws {
    try await withPool { pool async throws in
      #expect(throws: PostgresError.self) { try pool.listen(to: [channel]) }
    }
  }
}
