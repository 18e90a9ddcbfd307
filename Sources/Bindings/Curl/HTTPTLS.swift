import Glibc

/// Whom an HTTPS client trusts, and who it says that it is.
///
/// TLS 1.2 is the least that is spoken, and the host of the URL must be in the server's certificate. The files are PEM
/// and read anew for each connection, so a renewed certificate at the same path is used by the next one.
package struct HTTPTLS: Sendable, Equatable {
  /// The authorities from which a server's certificate may come.
  package enum Authority: Sendable, Equatable {
    /// Those that the operating system trusts.
    case system
    /// Those in this PEM file, and no others.
    case file(String)
    /// Those in this PEM text, and no others.
    case pem([UInt8])
    /// Any server is believed. Only for what is checked otherwise, such as an authority's certificate by its
    /// fingerprint: neither a certificate nor a token of the client's is sent along.
    case unverified
  }

  /// What a server's certificate must lead to.
  package var authority: Authority
  /// The file with this client's certificate, followed by those of its issuers up to the root. It is given together
  /// with `keyFile`, or both are nil.
  package var certificateFile: String?
  /// The file with the certificate's private key.
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

  /// Trusts what the operating system trusts, and shows no certificate.
  package static let system = HTTPTLS(authority: .system)
  /// Believes any server; see ``Authority/unverified`` for when that may be.
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
          .tlsFailed, "\(url): the \(what) file \(path) can't be read: check path and permissions",
          systemError: errno)
      }
    }
  }
}
