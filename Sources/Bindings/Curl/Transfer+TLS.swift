import CCurl

/// How libcurl is told whom to trust.
extension Transfer {
  func setTLS(_ configuration: HTTPClient.Configuration) throws(CurlError) {
    let tls = configuration.tls
    guard plan.request.url.lowercased().hasPrefix("https:") else { return }
    try tls.validate(hasToken: configuration.bearerToken != nil, url: plan.request.url)
    set(CURLOPT_SSLVERSION, Int(CURL_SSLVERSION_TLSv1_2))
    switch tls.authority {
    case .system: break
    case .file(let path):
      // The library's built-in folder would add the system's authorities to those of the file.
      set(CURLOPT_CAPATH, nil)
      set(CURLOPT_CAINFO, path)
    case .pem(let bytes):
      set(CURLOPT_CAPATH, nil)
      set(CURLOPT_CAINFO, nil)
      let result = unsafe bytes.withUnsafeBytes { memory in
        unsafe xtblish_curl_set_copied_blob(handle, CURLOPT_CAINFO_BLOB, memory.baseAddress, memory.count)
      }
      guard result == CURLE_OK else { throw CurlError(curl: result, detail: "", url: plan.request.url) }
    case .unverified:
      set(CURLOPT_SSL_VERIFYPEER, 0)
      set(CURLOPT_SSL_VERIFYHOST, 0)
    }
    guard let certificateFile = tls.certificateFile, let keyFile = tls.keyFile else { return }
    set(CURLOPT_SSLCERT, certificateFile)
    set(CURLOPT_SSLKEY, keyFile)
  }
}
