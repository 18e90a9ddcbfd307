import Curl
import DeviceProtocol
import FoundationEssentials
package import Foundations

/// Where a device looks for its images, and how far it goes with a server that sends it elsewhere.
package struct ImageServers: Sendable {
  let device: DeviceID
  /// Base URLs from the enrolment, tried after a notification's own.
  let imageStoreURLs: [String]
  /// Whether URLs without TLS are passed over.
  let requiresTLS: Bool
  /// Hosts, in lower case, to which any server may redirect; each may redirect to itself.
  let redirectHosts: Set<String>

  private static let maximumRedirects = 5
  private static let redirects: Set<Int> = [301, 302, 303, 307, 308]

  package init(device: DeviceID, imageStoreURLs: [String], requiresTLS: Bool, redirectHosts: [String] = []) {
    self.device = device
    self.imageStoreURLs = imageStoreURLs
    self.requiresTLS = requiresTLS
    self.redirectHosts = Set(redirectHosts.map { $0.lowercased() })
  }

  /// The URLs at which to ask for a version, in that order, each once.
  package func urls(of version: UInt64, first: [String]) -> [String] {
    let path = FirmwareAddress(of: device, version: version).path
    var urls: [String] = []
    for url in first + imageStoreURLs.map({ $0.withoutSlash + path }) where !url.isEmpty && !urls.contains(url) {
      if !requiresTLS || url.lowercased().hasPrefix("https://") { urls.append(url) }
    }
    return urls
  }

  /// Makes a request, and follows where it leads. The requests that follow have the same headers, as a range is to be
  /// kept.
  func download(
    _ request: HTTPClient.Request, with http: HTTPClient,
    target: @escaping @Sendable (HTTPClient.ResponseHead) -> HTTPClient.DownloadTarget
  ) async throws(CurlError) -> HTTPClient.Response {
    var request = request
    for _ in 0...Self.maximumRedirects {
      let response = try await http.download(request, target: target)
      guard Self.redirects.contains(response.status) else { return response }
      guard let next = response.redirectURL else {
        throw CurlError(.other, "\(request.url): it redirects to what is no http or https URL")
      }
      if let objection = objection(to: next, from: request.url) {
        throw CurlError(.other, "\(request.url): it redirects to \(next), \(objection)")
      }
      request.url = next
    }
    throw CurlError(.tooManyRedirects, "\(request.url): more than \(Self.maximumRedirects) redirects")
  }

  private func objection(to next: String, from url: String) -> String? {
    if url.lowercased().hasPrefix("https://"), !next.lowercased().hasPrefix("https://") { return "which is not https" }
    guard let host = Self.host(of: next), host == Self.host(of: url) || redirectHosts.contains(host) else {
      return "another host; name it in XTBLISH_DEVICE_REDIRECT_HOSTS if images may come from there"
    }
    return nil
  }

  private static func host(of url: String) -> String? { URL(string: url)?.host()?.lowercased() }
}

extension HTTPClient.ResponseHead {
  /// Why the body can't be taken as it is; nil if it can.
  var encodingObjection: String? {
    guard let encoding = self["Content-Encoding"], !encoding.isEmpty, encoding.lowercased() != "identity" else {
      return nil
    }
    return "the server encoded the body (\(encoding.prefix(40))), which nobody asked for"
  }
}

extension HTTPClient.Response {
  /// For how long the server wants to be left alone (its header `Retry-After`).
  var retryAfter: Duration {
    self["Retry-After"].flatMap { Int($0) }.map { .seconds(min(max(0, $0), 86_400)) } ?? .zero
  }
}
