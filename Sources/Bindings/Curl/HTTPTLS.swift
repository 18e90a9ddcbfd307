internal import Glibc

/// Whom an HTTPS client trusts, and who it says that it is.
///
/// TLS 1.2 is the least that is spoken, and the host of the URL must be in the server's certificate. The files are PEM
/// and read anew for each connection, so a renewed certificate at the same path is used by the next one.
package struct HTTPTLS: Sendable, Equatable {
  /// Where the certificates are from which a server's may come.
  package enum Authority: Sendable, Equatable {
    /// Those of the operating system.
    case system
    /// This file's, and no others.
    case file(String)
    /// These, PEM, and no others.
    case pem([UInt8])
    /// Any server is believed. Only for what is checked otherwise, such as an authority's certificate by its
    /// fingerprint: neither a certificate nor a token of the client's is sent along.
    case unverified
  }

  package var authority: Authority
  /// This client's certificate, followed by those of its issuers up to the root, and its key: both, or neither.
  package var certificateFile: String?
  package var keyFile: String?

  package init(authority: Authority, certificateFile: String? = nil, keyFile: String? = nil) {
    self.authority = authority
    self.certificateFile = certificateFile
    self.keyFile = keyFile
  }

  package init(caFile: String, certificateFile: String? = nil, keyFile: String? = nil) {
    self.init(authority: .file(caFile), certificateFile: certificateFile, keyFile: keyFile)
  }

  package init(caPEM: [UInt8], certificateFile: String? = nil, keyFile: String? = nil) {
    self.init(authority: .pem(caPEM), certificateFile: certificateFile, keyFile: keyFile)
  }

  package static let system = HTTPTLS(authority: .system)
  package static let unverified = HTTPTLS(authority: .unverified)
}

extension HTTPTLS {
  func validate(hasToken: Bool, url: String) throws(CurlError) {
    guard (certificateFile == nil) == (keyFile == nil) else {
      throw CurlError(.tlsFailed, "\(url): a client certificate and its key go together: give both or neither")
    }
    if authority == .unverified, certificateFile != nil || hasToken {
      throw CurlError(.tlsFailed, "\(url): nothing of the client's own is sent to a server that is not verified")
    }
    var files: [(what: String, path: String)] = []
    if case .file(let path) = authority { files.append(("authority", path)) }
    if let certificateFile { files.append(("certificate", certificateFile)) }
    if let keyFile { files.append(("key", keyFile)) }
    for (what, path) in files {
      // libcurl says of some of them only that a problem with the certificate is.
      guard !path.utf8.contains(0), unsafe access(path, R_OK) == 0 else {
        throw CurlError(
          .tlsFailed, "\(url): the \(what) file \(path) cannot be read: check path and permissions",
          systemError: errno)
      }
    }
  }
}
