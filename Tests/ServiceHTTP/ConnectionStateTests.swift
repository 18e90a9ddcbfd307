import HTTPTypes
import TestSupport
import Testing

@testable import ServiceHTTP

@Suite(.seated) struct ConnectionStateTests {
  private let start = ContinuousClock.now
  private let problem = ProblemError(.badRequest, reason: "invalid-request", detail: "no")

  private func state() -> ConnectionState {
    ConnectionState(
      limits: HTTPLimits(
        minimumBodyBytesPerSecond: 100, slownessWindow: .seconds(10), writeTimeout: .seconds(30)), now: start)
  }

  @Test func keptAliveWhenTheBodyHasArrived() {
    var state = state()
    #expect(state.headArrived(wantsClose: false) == .forward)
    #expect(state.endArrived() == .forward)
    #expect(state.headWritten(isInformational: false, saysClose: false) == false)
    #expect(state.endWritten(now: start) == .carryOn)
    #expect(state.headArrived(wantsClose: false) == .forward)
  }

  @Test func lingersWhenTheBodyIsStillComing() {
    var state = state()
    _ = state.headArrived(wantsClose: false)
    #expect(state.headWritten(isInformational: true, saysClose: false) == false)
    #expect(state.headWritten(isInformational: false, saysClose: false) == true)
    #expect(state.endWritten(now: start) == .linger)
    #expect(state.isLingering)
    #expect(state.bodyArrived(bytes: 10) == .drop)
    #expect(state.endArrived() == .drop)
    #expect(state.headArrived(wantsClose: false) == .drop)
    #expect(state.check(now: start + .seconds(1)) == .fine)
    #expect(state.check(now: start + ConnectionState.lingerTimeout) == .close)
    state.closed()
    #expect(state.check(now: start + .seconds(100)) == .fine)
  }

  @Test func lastResponseOfAPipelineCloses() {
    var state = state()
    _ = state.headArrived(wantsClose: false)
    _ = state.endArrived()
    _ = state.headArrived(wantsClose: true)
    _ = state.endArrived()
    #expect(state.headWritten(isInformational: false, saysClose: false) == false)
    #expect(state.endWritten(now: start) == .carryOn)
    #expect(state.headWritten(isInformational: false, saysClose: false) == true)
    #expect(state.endWritten(now: start) == .linger)
  }

  @Test func errorsAreAnsweredWhenItIsTheirTurn() {
    var idle = state()
    #expect(idle.failed(problem) == .answer(problem))
    #expect(idle.headWritten(isInformational: false, saysClose: false) == true)
    #expect(idle.endWritten(now: start) == .linger)

    var busy = state()
    _ = busy.headArrived(wantsClose: false)
    _ = busy.endArrived()
    #expect(busy.failed(problem) == .hold)
    #expect(busy.failed(problem) == .ignore)
    #expect(busy.headWritten(isInformational: false, saysClose: false) == false)
    #expect(busy.endWritten(now: start) == .answer(problem))
    #expect(busy.headWritten(isInformational: false, saysClose: false) == true)
    #expect(busy.endWritten(now: start) == .linger)

    var reading = state()
    _ = reading.headArrived(wantsClose: false)
    #expect(reading.failed(problem) == .forward)
    #expect(reading.headWritten(isInformational: false, saysClose: false) == true)
    #expect(reading.endWritten(now: start) == .linger)
  }

  @Test func slownessCountsOnlyWhileTheServerWaits() {
    var state = state()
    _ = state.headArrived(wantsClose: false)
    // The server is busy elsewhere and does not read: the client can't help that.
    #expect(state.check(now: start + .seconds(1_000)) == .fine)
    state.readRequested(now: start + .seconds(1_000))
    #expect(state.check(now: start + .seconds(1_005)) == .fine)
    _ = state.bodyArrived(bytes: 999)
    #expect(state.check(now: start + .seconds(1_010)) == .tooSlow)
    // Its handler has as long again to answer.
    #expect(state.check(now: start + .seconds(1_019)) == .fine)
    #expect(state.check(now: start + .seconds(1_020)) == .close)
  }

  @Test func everyWindowCountsForItself() {
    var state = state()
    _ = state.headArrived(wantsClose: false)
    state.readRequested(now: start)
    _ = state.bodyArrived(bytes: 1_000_000)
    #expect(state.check(now: start + .seconds(10)) == .fine)
    #expect(state.check(now: start + .seconds(20)) == .tooSlow)
  }

  @Test func stuckWritesClose() {
    var state = state()
    _ = state.headArrived(wantsClose: false)
    _ = state.endArrived()
    state.writeStarted(now: start)
    #expect(state.check(now: start + .seconds(29)) == .fine)
    state.writeStarted(now: start + .seconds(29))
    state.writeFinished(now: start + .seconds(29))
    #expect(state.check(now: start + .seconds(58)) == .fine)
    #expect(state.check(now: start + .seconds(59)) == .close)
  }

  @Test func aHeadHasItsTime() {
    var state = ConnectionState(limits: HTTPLimits(headTimeout: .seconds(10)), isOpen: false, now: start)
    // TLS has a limit of its own.
    #expect(state.check(now: start + .seconds(100)) == .fine)
    state.opened(now: start + .seconds(100))
    #expect(state.check(now: start + .seconds(109)) == .fine)
    #expect(state.check(now: start + .seconds(110)) == .close)
    state.readFinished(now: start + .seconds(109), receivedBytesOnWire: 5)
    #expect(state.check(now: start + .seconds(118)) == .fine)
    #expect(state.check(now: start + .seconds(119)) == .headTooSlow)

    var served = self.state()
    _ = served.headArrived(wantsClose: false)
    _ = served.endArrived()
    served.readFinished(now: start, receivedBytesOnWire: 100)
    _ = served.headWritten(isInformational: false, saysClose: false)
    _ = served.endWritten(now: start)
    // Between requests only the idle time counts, until the next head has begun.
    #expect(served.check(now: start + .seconds(50)) == .fine)
    served.readFinished(now: start + .seconds(50), receivedBytesOnWire: 101)
    #expect(served.check(now: start + .seconds(60)) == .headTooSlow)
  }

  @Test func framingIsNoBody() {
    var state = state()
    _ = state.headArrived(wantsClose: false)
    state.readFinished(now: start, receivedBytesOnWire: 1_000)
    _ = state.bodyArrived(bytes: 1_000)
    state.readFinished(now: start, receivedBytesOnWire: 60_000)
    #expect(!state.isFramingExcessive)
    state.readFinished(now: start, receivedBytesOnWire: 80_000)
    #expect(state.isFramingExcessive)
    _ = state.bodyArrived(bytes: 10_000)
    #expect(!state.isFramingExcessive)
  }
}
