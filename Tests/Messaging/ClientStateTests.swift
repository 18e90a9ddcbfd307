import TestSupport
import Testing
import Wire

@testable import Messaging

/// The client's decisions, without I/O and with a clock that the test moves.
@Suite(.seated) struct ClientStateTests {
  typealias State = ClientState<String>

  private let start = ContinuousClock.now
  private func at(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }

  /// A client of servers that are all connected.
  private func connected(_ endpoints: [String], options: RPCClientOptions = .standard) -> State {
    var state = State(name: "registry", endpoints: ["tcp://registry:1"], options: options, now: start)
    var actions: [State.Action] = []
    state.resolved([.init(endpoint: "tcp://registry:1", outcome: .success(endpoints))], now: start, actions: &actions)
    for server in state.servers { state.opened(server.connection, now: start, actions: &actions) }
    return state
  }

  private func submit(_ state: inout State, _ number: UInt64, isIdempotent: Bool = true) -> ConnectionID? {
    let action = state.submit(number, "\(number)", isIdempotent: isIdempotent, deadline: at(5_000), now: start)
    if case .send(let connection, number, _, _) = action { return connection }
    return nil
  }

  private func sent(_ actions: [State.Action]) -> [UInt64: ConnectionID] {
    actions.reduce(into: [:]) { if case .send(let connection, let call, _, _) = $1 { $0[call] = connection } }
  }

  private func failures(_ actions: [State.Action]) -> [String: String] {
    actions.reduce(into: [:]) {
      if case .answer(let request, .failure(let failure)) = $1 { $0[request] = failure.reason }
    }
  }

  private func receive(
    _ state: inout State, _ envelope: Envelope, for number: UInt64, on connection: ConnectionID,
    now: ContinuousClock.Instant? = nil, actions: inout [State.Action]
  ) -> Bool {
    state.receive(envelope, for: number, on: connection, now: now ?? start, actions: &actions)
  }

  private func close(_ state: inout State) -> [State.Action] { state.close() }

  private func failure(_ code: WireFailure.Code) -> Envelope {
    var envelope = Envelope(role: .failure)
    envelope.failure = WireFailure(code, reason: "told", message: "told", retryAfterMilliseconds: 100)
    return envelope
  }

  @Test func requestsGoToTheServerWithTheFewest() {
    var state = connected(["a", "b", "c"])
    let targets = (1...9).compactMap { submit(&state, $0) }
    #expect(Set(targets).count == 3)
    #expect(state.servers.map(\.outstanding) == [3, 3, 3])
    var actions: [State.Action] = []
    for number in 1...9 where targets[number - 1] == state.servers[1].connection {
      #expect(
        receive(
          &state,
          Envelope(role: .response), for: UInt64(number), on: targets[number - 1], actions: &actions))
    }
    #expect(submit(&state, 10) == state.servers[1].connection)
  }

  @Test func aLostServersIdempotentRequestsGoElsewhereAndOthersAreReported() {
    var state = connected(["a", "b"])
    let lost = submit(&state, 1)
    #expect(submit(&state, 2, isIdempotent: false) != lost)
    #expect(submit(&state, 3, isIdempotent: false) == lost)
    var actions: [State.Action] = []
    if let lost { state.closed(lost, now: at(10), actions: &actions) }
    #expect(sent(actions) == [1: state.servers[1].connection])
    #expect(failures(actions) == ["3": "connection-lost"])
    #expect(state.servers.map(\.outstanding) == [0, 2])
    #expect(state.nextResolve <= at(10), "names are looked up again")
  }

  @Test func withoutAnotherServerAnIdempotentRequestWaitsForItsServerToComeBack() {
    var state = connected(["a"])
    let connection = state.servers[0].connection
    #expect(submit(&state, 1) == connection)
    var actions: [State.Action] = []
    state.closed(connection, now: at(10), actions: &actions)
    #expect(sent(actions).isEmpty && failures(actions).isEmpty)
    state.opened(connection, now: at(20), actions: &actions)
    #expect(sent(actions) == [1: connection])
  }

  @Test func aRequestThatKillsEveryServerIsNotSentForEver() {
    var options = RPCClientOptions.standard
    options.attempts = 3
    var state = connected(["a"], options: options)
    let connection = state.servers[0].connection
    #expect(submit(&state, 1) == connection)
    var actions: [State.Action] = []
    for _ in 0..<2 {
      state.closed(connection, now: at(10), actions: &actions)
      state.opened(connection, now: at(20), actions: &actions)
    }
    #expect(failures(actions).isEmpty)
    state.closed(connection, now: at(30), actions: &actions)
    #expect(failures(actions) == ["1": "retries-exhausted"])
  }

  @Test(arguments: [WireFailure.Code.overloaded, .unavailable])
  func aRefusedIdempotentRequestTriesEveryOtherServerOnce(code: WireFailure.Code) {
    var state = connected(["a", "b"])
    var actions: [State.Action] = []
    guard let first = submit(&state, 1) else { return #expect(Bool(false), "not sent") }
    #expect(receive(&state, failure(code), for: 1, on: first, actions: &actions))
    let second = sent(actions)[1]
    #expect(second != nil && second != first)
    if let second { #expect(receive(&state, failure(code), for: 1, on: second, actions: &actions)) }
    #expect(failures(actions) == ["1": "told"])
    #expect(state.calls.isEmpty && state.servers.map(\.outstanding) == [0, 0])
  }

  @Test func aRefusalOfWhatMustNotBeDoneTwiceIsTheAnswer() {
    var state = connected(["a", "b"])
    var actions: [State.Action] = []
    guard let first = submit(&state, 1, isIdempotent: false) else { return #expect(Bool(false), "not sent") }
    #expect(receive(&state, failure(.overloaded), for: 1, on: first, actions: &actions))
    #expect(failures(actions) == ["1": "told"])
    // The server that refused is avoided for a while, even for new requests.
    #expect(submit(&state, 2) != first)
    #expect(submit(&state, 3) != first)
  }

  /// What a server answers that is about to end and has not begun the request.
  private var notBegun: Envelope {
    var envelope = failure(.unavailable)
    envelope.failure?.notBegun = true
    return envelope
  }

  @Test func whatAnEndingServerGivesBackGoesToAnother() {
    var state = connected(["a", "b"])
    var actions: [State.Action] = []
    guard let first = submit(&state, 1, isIdempotent: false) else { return #expect(Bool(false), "not sent") }
    #expect(receive(&state, notBegun, for: 1, on: first, actions: &actions))
    #expect(sent(actions)[1] != nil && sent(actions)[1] != first && failures(actions).isEmpty)
    // It gets nothing any more.
    for number in 2...5 { #expect(submit(&state, UInt64(number)) != first) }
  }

  @Test func whatAnEndingServerGivesBackWaitsForTheOneThatTakesItsPlace() {
    var state = connected(["a"])
    var actions: [State.Action] = []
    guard let first = submit(&state, 1, isIdempotent: false) else { return #expect(Bool(false), "not sent") }
    #expect(receive(&state, notBegun, for: 1, on: first, now: at(10), actions: &actions))
    #expect(sent(actions).isEmpty && failures(actions).isEmpty)
    #expect(state.nextResolve <= at(260), "names are looked up again")
    state.closed(first, now: at(20), actions: &actions)
    state.opened(first, now: at(30), actions: &actions)
    #expect(sent(actions) == [1: first])
  }

  @Test func whatWaitedInVainForAnotherServerSaysWhy() {
    var state = connected(["a"])
    var actions: [State.Action] = []
    guard let first = submit(&state, 1) else { return #expect(Bool(false), "not sent") }
    #expect(receive(&state, notBegun, for: 1, on: first, actions: &actions))
    _ = state.tick(now: at(5_000), actions: &actions)
    guard
      case .answer("1", .failure(let failure))? = actions.first(where: { if case .answer = $0 { true } else { false } })
    else { return #expect(Bool(false), "no answer in \(actions)") }
    #expect(failure.reason == "no-server" && failure.message.contains("at a, it is shutting down"))
  }

  @Test func aServerThatLeavesIsAskedOnlyWhereThereIsNoOther() {
    var state = connected(["a", "b"])
    let (leaving, staying) = (state.servers[0].connection, state.servers[1].connection)
    state.leaves(leaving, now: at(10))
    #expect(state.nextResolve <= at(260), "names are looked up again")
    for number in 1...4 { #expect(submit(&state, UInt64(number)) == staying) }
    var actions: [State.Action] = []
    state.closed(staying, now: at(20), actions: &actions)
    #expect(Set(sent(actions).values) == [leaving])
  }

  @Test func aRefusalOfWhatWasNotBegunGoesToAnotherServer() {
    var state = connected(["a", "b"])
    var actions: [State.Action] = []
    guard let first = submit(&state, 1, isIdempotent: false) else { return #expect(Bool(false), "not sent") }
    var full = failure(.overloaded)
    full.failure?.notBegun = true
    #expect(receive(&state, full, for: 1, on: first, actions: &actions))
    #expect(sent(actions)[1] != nil && sent(actions)[1] != first && failures(actions).isEmpty)
  }

  @Test func otherFailuresAreTheAnswerAtOnce() {
    var state = connected(["a", "b"])
    var actions: [State.Action] = []
    guard let first = submit(&state, 1) else { return #expect(Bool(false), "not sent") }
    #expect(receive(&state, failure(.conflict), for: 1, on: first, actions: &actions))
    #expect(failures(actions) == ["1": "told"])
  }

  @Test func aSecondAnswerAndAStrangersAreDropped() {
    var state = connected(["a"])
    var actions: [State.Action] = []
    guard let connection = submit(&state, 1) else { return #expect(Bool(false), "not sent") }
    #expect(receive(&state, Envelope(role: .response), for: 1, on: connection, actions: &actions))
    #expect(!receive(&state, Envelope(role: .response), for: 1, on: connection, actions: &actions))
    #expect(!receive(&state, Envelope(role: .response), for: 77, on: connection, actions: &actions))
    #expect(actions.count == 1)
    #expect(state.servers[0].outstanding == 0)
  }

  @Test func whatCouldNotBeSentGoesElsewhereEvenIfItMustNotBeDoneTwice() {
    var state = connected(["a", "b"])
    guard let first = submit(&state, 1, isIdempotent: false) else { return #expect(Bool(false), "not sent") }
    var actions: [State.Action] = []
    state.unsent(1, on: first, now: start, actions: &actions)
    #expect(sent(actions)[1] != nil && sent(actions)[1] != first)
  }

  @Test func anIdleClientSeldomAsksForASignOfLifeAndARequestMakesItAskSoon() {
    var state = connected(["a"])
    let connection = state.servers[0].connection
    var (now, actions): (ContinuousClock.Instant, [State.Action]) = (start, [])
    while now < at(60_000) {
      now = max(state.tick(now: now, actions: &actions) ?? at(60_000), now)
      state.heard(from: connection)
    }
    let beats = actions.count { if case .heartbeat = $0 { true } else { false } }
    // 6 s of 400 ms, then one every 4 s.
    #expect((14...32).contains(beats), "\(beats)")
    #expect(state.submit(1, "1", isIdempotent: true, deadline: now + .seconds(5), now: now) != nil)
    #expect(state.nextHeartbeat <= now + .milliseconds(400))
  }

  @Test func aSilentServerIsLostWithinTwoSecondsAndAskedOnANewConnection() {
    var state = connected(["a", "b"])
    let silent = state.servers[0].connection
    let lively = state.servers[1].connection
    var now = start
    var lostAt: ContinuousClock.Instant?
    // The worst case: it answered a moment before the first heartbeat.
    while now < at(3_000), lostAt == nil {
      var actions: [State.Action] = []
      now = state.tick(now: now, actions: &actions) ?? at(3_000)
      state.heard(from: lively)
      for case .disconnect(let connection) in actions {
        #expect(connection == silent)
        lostAt = now
      }
    }
    #expect(lostAt != nil && lostAt! <= at(2_000))
    #expect(state.servers[0].connection != silent)
    #expect(!state.servers[0].isOpen)
    #expect(state.servers[1].connection == lively && state.servers[1].isOpen)
  }

  @Test func aClientThatStoodStillDoesNotBlameItsServers() {
    var state = connected(["a"])
    var actions: [State.Action] = []
    _ = state.tick(now: at(400), actions: &actions)
    // The process was stopped for a minute.
    _ = state.tick(now: at(60_000), actions: &actions)
    #expect(state.servers[0].isOpen)
  }

  /// With a second for the name server, and one to connect.
  @Test func namesAreLookedUpSoOftenThatANewServerIsAskedWithinFiveSeconds() {
    var state = connected(["a"])
    let connection = state.servers[0].connection
    var now = start
    var lookUps: [ContinuousClock.Instant] = []
    while now < at(10_000) {
      var actions: [State.Action] = []
      let next = state.tick(now: now, actions: &actions) ?? at(10_000)
      state.heard(from: connection)
      if actions.contains(where: { if case .resolve = $0 { true } else { false } }) { lookUps.append(now) }
      now = next
    }
    #expect(lookUps.count >= 3)
    #expect(zip(lookUps, lookUps.dropFirst()).allSatisfy { $1 - $0 <= .milliseconds(3_000) }, "\(lookUps)")
  }

  @Test func aNameThatMovesTakesNewRequestsAlong() {
    var state = connected(["a"])
    let old = state.servers[0].connection
    #expect(submit(&state, 1) == old)
    var actions: [State.Action] = []
    state.resolved([.init(endpoint: "tcp://registry:1", outcome: .success(["b"]))], now: start, actions: &actions)
    #expect(state.servers.map(\.endpoint) == ["a", "b"], "the old one still owes an answer")
    let new = state.servers[1].connection
    state.opened(new, now: start, actions: &actions)
    #expect(submit(&state, 2) == new)
    actions = []
    #expect(receive(&state, Envelope(role: .response), for: 1, on: old, actions: &actions))
    _ = state.tick(now: at(1), actions: &actions)
    #expect(state.servers.map(\.endpoint) == ["b"])
    #expect(actions.contains { if case .disconnect(old) = $0 { true } else { false } })
  }

  @Test func aNameThatCanNotBeResolvedForAWhileKeepsItsServers() {
    var state = connected(["a"])
    var actions: [State.Action] = []
    let outcome = Result<[String], ResolutionError>.failure(ResolutionError("no name server answers"))
    state.resolved([.init(endpoint: "tcp://registry:1", outcome: outcome)], now: start, actions: &actions)
    #expect(actions.isEmpty)
    #expect(submit(&state, 1) != nil)
  }

  @Test func withoutAServerTheFailureSaysWhereAndWhatToCheck() {
    var state = State(name: "registry", endpoints: ["tcp://registry:7102"], options: .standard, now: start)
    #expect(submit(&state, 1) == nil)
    var actions: [State.Action] = []
    let outcome = Result<[String], ResolutionError>.failure(ResolutionError("the name registry can't be resolved"))
    state.resolved([.init(endpoint: "tcp://registry:7102", outcome: outcome)], now: start, actions: &actions)
    _ = state.tick(now: at(5_000), actions: &actions)
    guard
      case .answer("1", .failure(let failure))? = actions.first(where: { if case .answer = $0 { true } else { false } })
    else { return #expect(Bool(false), "no answer in \(actions)") }
    #expect(failure.code == .unavailable && failure.reason == "no-server")
    #expect(failure.message.contains("tcp://registry:7102: the name registry can't be resolved"))
    #expect(failure.message.contains("check that it runs"))
  }

  @Test func tooManyRequestsAreRefusedAtOnce() {
    var options = RPCClientOptions.standard
    options.outstandingRequests = 2
    var state = connected(["a"], options: options)
    #expect(submit(&state, 1) != nil)
    #expect(submit(&state, 2) != nil)
    guard
      case .answer("3", .failure(let failure)) = state.submit(
        3, "3", isIdempotent: true, deadline: at(5_000), now: start)
    else { return #expect(Bool(false), "not refused") }
    #expect(failure.code == .overloaded && failure.retryAfterMilliseconds > 0)
  }

  @Test func closingAnswersEverything() {
    var state = connected(["a"])
    #expect(submit(&state, 1) != nil)
    #expect(failures(close(&state)) == ["1": "client-closed"])
    #expect(submit(&state, 2) == nil)
  }
}
