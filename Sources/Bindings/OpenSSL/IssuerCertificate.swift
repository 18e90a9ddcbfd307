import COpenSSL
import Synchronization

/// An authority's certificate in the library's own form, read once for all that it issues.
///
/// Soundness of `@unchecked`: the handle never changes, and what it points to is only used under `lock`: the library
/// fills in parts of it lazily.
@safe package final class IssuerCertificate: @unchecked Sendable {
  private let handle: Owned
  private let lock = Mutex(())

  package init(_ certificate: X509Certificate) throws(CertificateError) {
    handle = try X509Certificate.handle(certificate.der)
  }

  func withHandle<T>(_ body: (OpaquePointer) throws(OpenSSLError) -> T) throws(OpenSSLError) -> T {
    try lock.withLock { _ throws(OpenSSLError) in try unsafe body(handle.pointer) }
  }
}
