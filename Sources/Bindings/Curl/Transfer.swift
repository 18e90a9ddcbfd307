import CCurl

/// One transfer: libcurl's easy handle, what its callbacks need, and what came so far.
///
/// Made, used and released on the loop's thread only. libcurl holds an unretained pointer to it,
/// which the handle's clean-up in `deinit` ends.
@safe final class Transfer {
  let plan: TransferPlan
  let handle: UnsafeMutableRawPointer
  let maximumHeaderBytes: Int
  let errorText: UnsafeMutablePointer<CChar>
  var headerList: UnsafeMutablePointer<curl_slist>?
  var source = BodySource.none

  var head = HTTPClient.ResponseHead(status: 0)
  var headSizeBytes = 0
  var target: HTTPClient.DownloadTarget?
  var body: [UInt8] = []
  var bodySizeBytes: UInt64 = 0
  /// Why a callback stopped the transfer; says more than the code that libcurl then ends with.
  var failure: CurlError?
  var lastProgress: ContinuousClock.Instant?

  init(_ plan: TransferPlan, _ configuration: HTTPClient.Configuration) throws(CurlError) {
    guard let handle = unsafe xtblish_curl_easy_init() else {
      throw CurlError(.other, "\(plan.request.url): out of memory")
    }
    self.plan = plan
    unsafe self.handle = handle
    maximumHeaderBytes = configuration.maximumHeaderBytes
    unsafe errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
    unsafe errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    // From here on `deinit` releases everything.
    source = try BodySource(plan.request.body)
    setOptions(configuration)
    try setTLS(configuration)
    try setURL()
    setBody()
    try setHeaders(configuration)
  }

  deinit {
    unsafe xtblish_curl_easy_cleanup(handle)
    unsafe xtblish_curl_slist_free_all(headerList)
    unsafe errorText.deallocate()
    source.close()
  }

  private var redirectURL: String? {
    var url: UnsafePointer<CChar>?
    guard unsafe xtblish_curl_get_string(handle, CURLINFO_REDIRECT_URL, &url) == CURLE_OK, let url = unsafe url else {
      return nil
    }
    return unsafe String(cString: url)
  }

  /// What libcurl's final code means for this transfer.
  func outcome(_ result: CURLcode) -> Result<HTTPClient.Response, CurlError> {
    if let failure { return .failure(failure) }
    guard result == CURLE_OK else {
      let detail = unsafe String(cString: errorText)
      // Bytes without a status line are HTTP/0.9 to libcurl, and that a protocol that it does not support.
      if result == CURLE_UNSUPPORTED_PROTOCOL, head.status == 0, plan.request.url.lowercased().hasPrefix("http") {
        return .failure(CurlError(curl: CURLE_WEIRD_SERVER_REPLY, detail: detail, url: plan.request.url))
      }
      return .failure(CurlError(curl: result, detail: detail, url: plan.request.url))
    }
    reportProgress(
      HTTPClient.Progress(
        sentBytes: source.sizeBytes, totalToSendBytes: source.sizeBytes,
        receivedBytes: Int64(clamping: bodySizeBytes), totalToReceiveBytes: Int64(clamping: bodySizeBytes)),
      isLast: true)
    return .success(
      HTTPClient.Response(head: head, body: body, bodySizeBytes: bodySizeBytes, redirectURL: redirectURL))
  }
}
