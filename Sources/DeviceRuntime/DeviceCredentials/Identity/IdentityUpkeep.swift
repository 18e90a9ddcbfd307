package import Curl
import DeviceProtocol
package import DeviceStorage
import FoundationEssentials
package import Foundations
package import Logging
import TextFormats

/// What keeps an identity good while the agent runs: renews the certificate in time, tells the Provisioner what is
/// burnt, and looks for newer root documents.
package struct IdentityUpkeep: Sendable {
  private let renewal: CertificateRenewal
  private let bank: any OTPBank
  private let documents: RootDocumentStore
  private let http: HTTPClient
  private let logger: Logger

  /// The clock of a device may be set while it waits, so it waits no longer than this at a time.
  private static let longestSleep = Duration.seconds(60)
  private static let firstReadPause = Duration.seconds(1)
  private static let longestReadPause = Duration.seconds(600)
  private static let dailyInterval = Duration.seconds(24 * 3600)

  package init(
    files: IdentityFiles, device: DeviceID, bank: any OTPBank, documents: RootDocumentStore, urls: [String],
    http: HTTPClient, logger: Logger
  ) {
    renewal = CertificateRenewal(files: files, device: device, urls: urls, http: http)
    self.bank = bank
    self.documents = documents
    self.http = http
    self.logger = logger
  }

  /// Works until it is cancelled.
  ///
  /// - Parameters:
  ///   - onRenewal: called when the files hold another certificate.
  ///   - onHindrance: called with why the certificate, which is due, is not renewed; nil: nothing is in the way.
  package func run(
    onRenewal: @escaping @Sendable () async -> Void,
    onHindrance: @escaping @Sendable (String?) async -> Void = { _ in }
  ) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { await renewInTime(onRenewal, onHindrance) }
      group.addTask { await daily("the fuses are not reported yet") { try await report() } }
      group.addTask {
        await daily("newer root documents can't be had") {
          if case .failed(let reason, _) = await documents.refresh() { throw InvalidAnswer(reason) }
        }
      }
    }
  }

  private func renewInTime(
    _ onRenewal: @Sendable () async -> Void, _ onHindrance: @Sendable (String?) async -> Void
  ) async {
    var due: Date?
    while let schedule = await schedule(onHindrance) {
      await sleep(until: due ?? schedule.due(fraction: .random(in: -1...1)))
      var backoff = RetryBackoff(first: schedule.retries.first, longest: schedule.retries.longest)
      while !Task.isCancelled {
        do {
          try await renewal.renew()
          break
        } catch {
          let isOver = Date() > schedule.notAfter
          logger.log(
            level: isOver ? .critical : .warning,
            isOver
              ? "the device's certificate has expired and can't be renewed; enrol again"
              : "the device's certificate is not renewed yet",
            metadata: ["error": "\(error)", "expires": "\(schedule.notAfter)"])
          await onHindrance("\(error)")
          try? await Task.sleep(for: backoff.next())
        }
      }
      if Task.isCancelled { return }
      logger.info("the device's certificate is renewed")
      await onHindrance(nil)
      // Authorities begin a certificate's life in the past, for clocks that are slow: what counts is what is left.
      if let renewed = try? await renewal.schedule() {
        // One that is short, or over by a clock that is fast, is no reason to ask without a pause.
        due = max(
          RenewalSchedule(notBefore: Date(), notAfter: renewed.notAfter).due(fraction: .random(in: -1...1)),
          Date().addingTimeInterval(renewed.retries.first / .seconds(1)))
      }
      await onRenewal()
    }
  }

  /// When the certificate on the flash is due. A flash that can't be read now may be later.
  ///
  /// - Returns: nil if the task was cancelled.
  private func schedule(_ onHindrance: @Sendable (String?) async -> Void) async -> RenewalSchedule? {
    var backoff = RetryBackoff(first: Self.firstReadPause, longest: Self.longestReadPause)
    var hasFailed = false
    while !Task.isCancelled {
      do {
        let schedule = try await renewal.schedule()
        if hasFailed { await onHindrance(nil) }
        return schedule
      } catch {
        hasFailed = true
        logger.critical("the device's certificate can't be read; trying again", metadata: ["error": "\(error)"])
        await onHindrance("it can't be read: \(error)")
        try? await Task.sleep(for: backoff.next())
      }
    }
    return nil
  }

  private func sleep(until date: Date) async {
    while !Task.isCancelled {
      let left = date.timeIntervalSinceNow
      guard left > 0 else { return }
      try? await Task.sleep(for: min(.seconds(left), Self.longestSleep))
    }
  }

  /// Does something once a day, and until it succeeds.
  private func daily(_ complaint: Logger.Message, _ body: @Sendable () async throws -> Void) async {
    var backoff = RetryBackoff(first: .seconds(1), longest: .seconds(600))
    while !Task.isCancelled {
      do {
        try await body()
        backoff.reset()
        try? await Task.sleep(for: Self.dailyInterval * Double.random(in: 0.9...1.1))
      } catch {
        logger.info(complaint, metadata: ["error": "\(error)"])
        try? await Task.sleep(for: backoff.next())
      }
    }
  }

  private func report() async throws {
    let differences = try await OTPReport.send(bank, to: renewal.urls, http)
    guard !differences.isEmpty else { return }
    logger.error(
      "the Provisioner says that the fuses are not what was to be burnt",
      metadata: ["differences": "\(differences.joined(separator: ", "))"])
  }
}

/// Tells the Provisioner what a bank holds.
package enum OTPReport {
  private struct Answer: Decodable {
    typealias CodingKeys = FuseAnswerMember

    var agrees: Bool
    var differences: [String]?
  }

  /// Sends what the bank holds to the first Provisioner that takes it.
  ///
  /// - Returns: what differs from the Provisioner's record; none if nothing does.
  package static func send(_ bank: any OTPBank, to urls: [String], _ http: HTTPClient) async throws -> [String] {
    let body = try JSONCoding.encoder().encode(OTPContents(try bank.read()))
    let response = try await ProvisionerCall.post(DeviceRoute.fuses.rawValue, Array(body), toOneOf: urls, http)
    guard let answer = try? JSONCoding.decode(Answer.self, from: response) else {
      throw InvalidAnswer("the Provisioner answered something else than whether the fuses agree")
    }
    return answer.agrees ? [] : answer.differences ?? ["unknown"]
  }
}
