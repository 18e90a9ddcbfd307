package import CertificateAuthority
import Dispatch
import FoundationEssentials
package import Foundations
package import OpenSSL
import Synchronization

/// The authority as this replica has it at the moment.
package final class LiveAuthority: CertificateIssuer {
  private struct State {
    var authority: Authority
    var signer: CertificateSigner
  }

  private let state: Mutex<State>
  private let deviceLifetime: Duration
  private let tokenThread = TokenThread()

  /// - Parameter deviceLifetime: how long devices' certificates are good.
  package init(_ authority: Authority, deviceLifetime: Duration) {
    state = Mutex(State(authority: authority, signer: authority.issuers[0]))
    self.deviceLifetime = deviceLifetime
  }

  /// The roots that devices and services trust now.
  package var trustRoots: [X509Certificate] { state.withLock { $0.authority.roots } }

  /// The roots and intermediates that are in use.
  package var authority: Authority { state.withLock { $0.authority } }

  /// Signs with the intermediate that is in use; with a PKCS#11 token on a thread of its own, as that blocks.
  package func issueDeviceCertificate(
    request: CertificateRequest, device: DeviceID
  ) async throws -> IssuedCertificate {
    let signer = state.withLock { $0.signer }
    guard signer.key.isInToken else {
      return try signer.issue(to: .device(device), request.publicKey, lifetime: deviceLifetime, now: Date())
    }
    return try await withTaskExecutorPreference(tokenThread) { [deviceLifetime] in
      try signer.issue(to: .device(device), request.publicKey, lifetime: deviceLifetime, now: Date())
    }
  }

  /// A stored certificate as its device presents it, with what leads from it to a root.
  ///
  /// - Returns: nil if the authority no longer has the intermediate that signed it.
  package func presented(_ stored: StoredCertificate, of device: DeviceID) -> IssuedCertificate? {
    let signer = state.withLock { state in
      state.authority.issuers.first { $0.keyHash == stored.issuerKeyHash }
    }
    return signer.map { signer in
      IssuedCertificate(
        owner: .device(device), certificate: stored.certificate, issuers: signer.chain,
        issuerKeyHash: stored.issuerKeyHash)
    }
  }

  /// What leads from intermediates to roots of old, of all issuers, each once.
  package var crossCertificates: [X509Certificate] {
    state.withLock { state in
      state.authority.issuers.reduce(into: []) { found, issuer in
        for certificate in issuer.chain.dropFirst() where !found.contains(certificate) { found.append(certificate) }
      }
    }
  }

  func replace(_ authority: Authority) {
    state.withLock { $0 = State(authority: authority, signer: $0.signer) }
  }

  /// Chooses whose certificates are given out.
  ///
  /// - Parameter settled: for each issuer whether everybody has had the time to take its CRL: a broker refuses what is
  ///   from an issuer of which it has none. While the newest is not, the one before goes on.
  func choose(settled: [Bool], now: Date) {
    state.withLock { state in
      let usable = zip(state.authority.issuers, settled).filter { $0.0.certificate.notAfter > now }
      guard let newest = usable.first else { return }
      if newest.1 {
        state.signer = newest.0
      } else {
        let before = usable.dropFirst().filter(\.1).max { $0.0.certificate.notBefore < $1.0.certificate.notBefore }
        let current = usable.first { $0.0.keyHash == state.signer.keyHash }
        state.signer = before?.0 ?? current?.0 ?? newest.0
      }
    }
  }
}

/// Signing with a token blocks, and must not block the threads of all other tasks.
private final class TokenThread: TaskExecutor {
  private let queue = DispatchQueue(label: "provisioner.token")

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { job.runSynchronously(on: self.asUnownedTaskExecutor()) }
  }
}
