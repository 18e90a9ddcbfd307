package import Logging
import NIOCore
import NIOSSL
package import ServiceKit
import ServiceLifecycle
import Synchronization

/// The certificate that a server shows, and whom it trusts: TLS 1.3, and 1.2 for clients that know no better.
///
/// Clients may do without a certificate; one that shows a certificate must show a good one. While `run` runs, the
/// files are looked at every second. New connections get what the files say then; open ones go on.
package final class ServerTLS: Service {
  private struct Loaded {
    var context: NIOSSLContext
    var versions: [FileVersion?]
    /// The versions that the log has called of no use already.
    var refused: [FileVersion?]?
  }

  private let files: TLSFiles
  let revocations: RevocationList?
  private let logger: Logger
  private let loaded: Mutex<Loaded>
  private static let lookInterval = Duration.seconds(1)

  /// - Parameters:
  ///   - revocations: who is to be refused although their certificates are good; nil if nobody is.
  /// - Throws: `TLSFileError` when one of the files can't be used.
  package init(files: TLSFiles, revocations: RevocationList? = nil, logger: Logger) throws(TLSFileError) {
    self.files = files
    self.revocations = revocations
    self.logger = logger
    let versions = Self.versions(of: files)
    loaded = Mutex(Loaded(context: try Self.load(files), versions: versions))
  }

  var context: NIOSSLContext { loaded.withLock { $0.context } }

  /// Follows the files until the process ends.
  package func run() async throws {
    try await cancelWhenGracefulShutdown {
      while true {
        try await Task.sleep(for: Self.lookInterval)
        self.reloadIfChanged()
      }
    }
  }

  /// Reads the files again if they changed. Files that can't be used leave everything as it is, and are tried again:
  /// perhaps only half of them has been replaced so far.
  package func reloadIfChanged() {
    let versions = Self.versions(of: files)
    guard loaded.withLock({ $0.versions }) != versions else { return }
    do throws(TLSFileError) {
      let context = try Self.load(files)
      loaded.withLock { $0 = Loaded(context: context, versions: versions) }
      logger.info("new certificate in use", metadata: ["file": "\(files.certificate)"])
    } catch {
      let isNews = loaded.withLock { loaded in
        defer { loaded.refused = versions }
        return loaded.refused != versions
      }
      guard isNews else { return }
      logger.warning("the changed TLS files can't be used, those before stay", metadata: ["error": "\(error)"])
    }
  }

  private static func load(_ files: TLSFiles) throws(TLSFileError) -> NIOSSLContext {
    let chain = try certificates(files.certificate)
    let roots = try certificates(files.roots)
    let key = try key(files.key)
    var configuration = TLSConfiguration.makeServerConfiguration(
      certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(key))
    configuration.minimumTLSVersion = .tlsv12
    // Of TLS 1.2 only what has forward secrecy and authenticates as it encrypts.
    configuration.cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"
    configuration.certificateVerification = .optionalVerification
    configuration.trustRoots = .certificates(roots)
    configuration.applicationProtocols = ["http/1.1"]
    // How long a client is waited for that does not close its side.
    configuration.shutdownTimeout = .seconds(1)
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      throw TLSFileError(
        path: files.certificate, problem: "it does not belong to the key in \(files.key), or can't be used (\(error))")
    }
  }

  private static func certificates(_ path: String) throws(TLSFileError) -> [NIOSSLCertificate] {
    do {
      let certificates = try NIOSSLCertificate.fromPEMFile(path)
      guard !certificates.isEmpty else { throw TLSFileError(path: path, problem: "it holds no certificate") }
      return certificates
    } catch let error as TLSFileError {
      throw error
    } catch {
      throw TLSFileError(path: path, problem: "it can't be read as certificates in PEM (\(error))")
    }
  }

  private static func key(_ path: String) throws(TLSFileError) -> NIOSSLPrivateKey {
    guard let version = FileVersion(path: path) else { throw TLSFileError(path: path, problem: "it is not there") }
    guard !version.isOpenToOthers else {
      throw TLSFileError(path: path, problem: "every user of the machine may use the private key: chmod 600 it")
    }
    do {
      return try NIOSSLPrivateKey(file: path, format: .pem)
    } catch {
      // The error says nothing of what is in the file.
      throw TLSFileError(path: path, problem: "it can't be read as a private key in PEM without a passphrase")
    }
  }

  private static func versions(of files: TLSFiles) -> [FileVersion?] {
    [files.certificate, files.key, files.roots].map(FileVersion.init(path:))
  }
}

/// A file of TLS that can't be used, and why.
package struct TLSFileError: Error, Sendable, CustomStringConvertible {
  let path: String
  let problem: String

  package var description: String { "the TLS file \(path) can't be used: \(problem)" }
}
