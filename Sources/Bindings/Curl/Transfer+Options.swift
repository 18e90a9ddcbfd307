import CCurl
import Glibc

/// How libcurl is told what to do.
extension Transfer {
  func setOptions(_ configuration: HTTPClient.Configuration) {
    let this = unsafe Unmanaged.passUnretained(self).toOpaque()
    let request = plan.request
    // Signals belong to the process, not to a library's timeouts.
    set(CURLOPT_NOSIGNAL, 1)
    set(CURLOPT_PROTOCOLS_STR, "http,https")
    // What was asked for under TLS is not fetched without it.
    set(CURLOPT_REDIR_PROTOCOLS_STR, request.url.lowercased().hasPrefix("https:") ? "https" : "http,https")
    // An empty one also keeps libcurl from those of the environment.
    set(CURLOPT_PROXY, configuration.proxy?.url ?? "")
    if let proxy = configuration.proxy { set(CURLOPT_NOPROXY, proxy.exceptions.joined(separator: ",")) }
    set(CURLOPT_USERAGENT, configuration.userAgent)
    set(CURLOPT_FOLLOWLOCATION, request.maximumRedirects > 0 ? 1 : 0)
    set(CURLOPT_MAXREDIRS, request.maximumRedirects)
    // libcurl's 16 KiB and 64 KiB cost a call into the kernel for each.
    set(CURLOPT_BUFFERSIZE, 256 * 1024)
    set(CURLOPT_UPLOAD_BUFFERSIZE, 256 * 1024)
    set(CURLOPT_CONNECTTIMEOUT_MS, request.timeouts.connect.wholeMilliseconds)
    set(CURLOPT_LOW_SPEED_TIME, (request.timeouts.lowSpeed.wholeMilliseconds + 999) / 1000)
    set(CURLOPT_LOW_SPEED_LIMIT, request.timeouts.lowSpeedBytesPerSecond)
    if let total = request.timeouts.total { set(CURLOPT_TIMEOUT_MS, total.wholeMilliseconds) }
    unsafe xtblish_curl_set_pointer(handle, CURLOPT_ERRORBUFFER, errorText)

    unsafe xtblish_curl_set_pointer(handle, CURLOPT_WRITEDATA, this)
    unsafe xtblish_curl_set_write(handle) { bytes, size, count, context in
      unsafe Transfer.from(context).receive(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
    unsafe xtblish_curl_set_pointer(handle, CURLOPT_HEADERDATA, this)
    unsafe xtblish_curl_set_header(handle) { bytes, size, count, context in
      unsafe Transfer.from(context).receiveHeader(UnsafeRawBufferPointer(start: bytes, count: size * count))
    }
    if request.onProgress != nil {
      set(CURLOPT_NOPROGRESS, 0)
      unsafe xtblish_curl_set_pointer(handle, CURLOPT_XFERINFODATA, this)
      unsafe xtblish_curl_set_progress(handle) { context, toReceive, received, toSend, sent in
        let progress = HTTPClient.Progress(
          sentBytes: Int64(sent), totalToSendBytes: Int64(toSend), receivedBytes: Int64(received),
          totalToReceiveBytes: Int64(toReceive))
        unsafe Transfer.from(context).reportProgress(progress, isLast: false)
        return 0
      }
    }
  }

  func setURL() throws(CurlError) {
    let result = unsafe plan.request.url.withCString { unsafe xtblish_curl_set_string(handle, CURLOPT_URL, $0) }
    guard result == CURLE_OK else { throw CurlError(curl: result, detail: "", url: plan.request.url) }
  }

  func setBody() {
    switch (plan.request.body, plan.request.method) {
    case (.none, "HEAD"):
      set(CURLOPT_NOBODY, 1)
    case (.none, "GET"):
      set(CURLOPT_HTTPGET, 1)
    case (.none, "POST"), (.none, "PUT"), (.none, "PATCH"):
      // Sends "Content-Length: 0", which servers want of these methods.
      set(CURLOPT_POST, 1)
      unsafe xtblish_curl_set_offset(handle, CURLOPT_POSTFIELDSIZE_LARGE, 0)
    case (.none, _):
      break
    case (.bytes, _), (.file, _):
      set(CURLOPT_UPLOAD, 1)
      unsafe xtblish_curl_set_offset(handle, CURLOPT_INFILESIZE_LARGE, curl_off_t(source.sizeBytes))
      let this = unsafe Unmanaged.passUnretained(self).toOpaque()
      unsafe xtblish_curl_set_pointer(handle, CURLOPT_READDATA, this)
      unsafe xtblish_curl_set_read(handle) { bytes, size, count, context in
        unsafe Transfer.from(context).send(UnsafeMutableRawBufferPointer(start: bytes, count: size * count))
      }
      // libcurl starts over when a kept connection turns out to be dead.
      unsafe xtblish_curl_set_pointer(handle, CURLOPT_SEEKDATA, this)
      unsafe xtblish_curl_set_seek(handle) { context, offset, origin in
        guard origin == SEEK_SET else { return CURL_SEEKFUNC_CANTSEEK }
        unsafe Transfer.from(context).source.offset = Int64(offset)
        return CURL_SEEKFUNC_OK
      }
    }
    if plan.request.method != "HEAD" { set(CURLOPT_CUSTOMREQUEST, plan.request.method) }
  }

  func setHeaders(_ configuration: HTTPClient.Configuration) throws(CurlError) {
    // libcurl waits a second for "100 Continue" before a large body, which few servers send.
    append("Expect:")
    for header in plan.request.headers {
      // "Name:" would remove a header; "Name;" sends it empty.
      append(header.value.isEmpty ? "\(header.name);" : "\(header.name): \(header.value)")
    }
    if let token = configuration.bearerToken, !plan.request.headers.contains(where: \.isAuthorization) {
      guard BearerToken.mayGo(to: plan.request.url) else {
        throw CurlError(.invalidRequest, "\(plan.request.url): a token is sent over https only; correct the URL")
      }
      append("Authorization: Bearer \(token.text)")
    }
    unsafe xtblish_curl_set_headers(handle, headerList)
  }

  private func append(_ line: String) {
    guard let list = unsafe xtblish_curl_slist_append(headerList, line) else { return }
    unsafe headerList = list
  }

  func set(_ option: CURLoption, _ value: Int) {
    let result = unsafe xtblish_curl_set_long(handle, option, value)
    assert(result == CURLE_OK, "libcurl refuses option \(option.rawValue)")
  }

  func set(_ option: CURLoption, _ value: String?) {
    let result = unsafe xtblish_curl_set_string(handle, option, value)
    assert(result == CURLE_OK, "libcurl refuses option \(option.rawValue)")
  }
}

extension HTTPClient.Header {
  fileprivate var isAuthorization: Bool { name.lowercased() == "authorization" }
}

extension Duration {
  /// Rounded up, so that a short limit does not become none.
  fileprivate var wholeMilliseconds: Int {
    let (seconds, attoseconds) = components
    return Int(clamping: seconds) * 1000 + Int((attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
  }
}
