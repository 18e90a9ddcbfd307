import FirmwareImage
import Foundations
import TestSupport
import Testing
import Wire

@testable import RegistryDomain
@testable import RegistryStorage

@Suite(.seated) struct DeliveryOutcomeTests {
  private let batch = try! (1...3).map { number in
    OutboxEntry(
      key: .init(device: .random(), version: UInt64(number)), digest: try SHA256Digest.of("\(number)".utf8),
      sizeBytes: 1000, attempts: 1, age: .zero)
  }
  private let backoff = RetryBackoff(first: .milliseconds(200), longest: .seconds(5))

  private func outcome(_ answer: Result<[NotificationOutcome], RequestFailure>) -> DeliveryOutcome {
    DeliveryOutcome(batch, answer: answer, backoff: backoff) { 1 }
  }

  private func answered(_ acknowledged: [Bool]) -> [NotificationOutcome] {
    acknowledged.map { $0 ? .acknowledged : .refused("no PUBACK") }
  }

  @Test func eachOutcomeCountsForItself() {
    let outcome = outcome(.success(answered([true, false, true])))
    #expect(outcome.acknowledged == [batch[0].key, batch[2].key])
    #expect(
      outcome.postponed.map { "\($0.key.version) \($0.error)" } == ["2 no PUBACK"])
  }

  @Test func aFailedCallPostponesAll() {
    let outcome = outcome(.failure(RequestFailure(.unavailable, reason: "no-server", message: "nobody\nthere")))
    #expect(outcome.acknowledged.isEmpty)
    #expect(outcome.postponed.map(\.key) == batch.map(\.key))
    #expect(outcome.postponed[0].error == "nobody\u{FFFD}there (no-server)")
  }

  @Test(arguments: [0, 2, 4])
  func anAnswerThatDoesNotFitAcknowledgesNothing(count: Int) {
    let outcome = outcome(.success(answered(Array(repeating: true, count: count))))
    #expect(outcome.acknowledged.isEmpty)
    #expect(outcome.postponed.count == 3)
  }
}
