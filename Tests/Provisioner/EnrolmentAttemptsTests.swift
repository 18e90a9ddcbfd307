import Foundations
import ServiceHTTP
import TestSupport
import Testing

@testable import ProvisionerDomain
@testable import ProvisionerServer

/// How often one may try in vain.
@Suite(.seated) struct EnrolmentAttemptsTests {
  private func outcome(
    _ attempts: EnrolmentAttempts, from address: String = "192.0.2.1", claim: String?, isGood: Bool = false,
    refusal: RequestFailure? = .claimRefused
  ) async -> String {
    do {
      return try await attempts.attempt(from: address, claim: claim, isGood: { isGood }) {
        if let refusal { throw refusal }
        return "in"
      }
    } catch let problem as ProblemError {
      return problem.document.reason
    } catch {
      return (error as? RequestFailure)?.reason ?? "\(error)"
    }
  }

  @Test func anAddressThatGuessesIsToldToWaitAndOthersAreNot() async {
    let attempts = EnrolmentAttempts(limit: 3)
    for guess in 1...3 { #expect(await outcome(attempts, claim: "\(guess)") == "claim-refused") }
    #expect(await outcome(attempts, claim: "4") == "too-many-attempts")
    #expect(await outcome(attempts, from: "192.0.2.2", claim: "5") == "claim-refused")
  }

  @Test func aGoodClaimGetsInHoweverManyFailFromTheSameAddress() async {
    let attempts = EnrolmentAttempts(limit: 3)
    for guess in 1...9 { _ = await outcome(attempts, claim: "\(guess)") }
    #expect(await outcome(attempts, claim: "good", isGood: true, refusal: nil) == "in")
    // Also one that comes without a claim.
    #expect(await outcome(attempts, claim: nil, refusal: nil) == "in")
    #expect(await outcome(attempts, claim: nil) == "too-many-attempts")
  }

  @Test func aClaimThatIsTriedInVainFromManyAddressesIsBoundedAndStillLetsGoodDevicesIn() async {
    let attempts = EnrolmentAttempts(limit: 3)
    let taken = RequestFailure(.conflict, reason: "serial-taken", message: "")
    for number in 1...3 {
      #expect(
        await outcome(attempts, from: "10.0.0.\(number)", claim: "one", isGood: true, refusal: taken) == "serial-taken")
    }
    let fourth = await outcome(attempts, from: "10.0.0.9", claim: "one", isGood: true, refusal: taken)
    #expect(fourth == "too-many-attempts")
    #expect(await outcome(attempts, from: "10.0.0.10", claim: "one", isGood: true, refusal: nil) == "in")
    #expect(await outcome(attempts, from: "10.0.0.11", claim: "two", isGood: true, refusal: taken) == "serial-taken")
  }

  @Test func whatIsNobodysFaultCountsForNothing() async {
    let attempts = EnrolmentAttempts(limit: 1)
    for _ in 1...5 {
      #expect(await outcome(attempts, claim: "one", refusal: .registryUnavailable) == "registry-unavailable")
    }
    #expect(await outcome(attempts, claim: "one") == "claim-refused")
  }
}
