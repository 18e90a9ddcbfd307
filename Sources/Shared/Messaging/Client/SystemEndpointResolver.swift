import Dispatch
import Glibc
import Synchronization

/// Asks the system (files, DNS) for every address of a host.
package struct SystemEndpointResolver: EndpointResolver {
  // getaddrinfo blocks, for many seconds if no name server answers.
  private static let queue = DispatchQueue(label: "rpc-resolver", attributes: .concurrent)

  package init() {}

  /// The addresses of the host in a `tcp://` endpoint; any other endpoint stands for itself.
  package func addresses(of endpoint: String) async throws(ResolutionError) -> [String] {
    guard endpoint.hasPrefix("tcp://") else { return [endpoint] }
    let hostAndPort = endpoint.dropFirst("tcp://".count)
    guard let colon = hostAndPort.lastIndex(of: ":"), let port = UInt16(hostAndPort[hostAndPort.index(after: colon)...])
    else { throw ResolutionError("the address must be tcp://HOST:PORT or ipc:///PATH") }
    let host = String(hostAndPort[..<colon])
    // Numbers need no look-up.
    if host.hasPrefix("[") || inet_addr(host) != in_addr_t.max { return [endpoint] }
    let found = await Self.lookUp(host)
    return try found.get().map { "tcp://\($0):\(port)" }
  }

  /// Goes on without an answer if the task is cancelled.
  private static func lookUp(_ host: String) async -> Result<[String], ResolutionError> {
    let answer = Mutex<Result<[String], ResolutionError>>(.failure(ResolutionError("the look-up was given up")))
    let box = LookUp(answer)
    queue.async {
      let found = blockingLookUp(host)
      box.answer.withLock { $0 = found }
      box.latch.open()
    }
    try? await box.latch.waitUnlessCancelled()
    return box.answer.withLock { $0 }
  }

  private final class LookUp: Sendable {
    let answer: Mutex<Result<[String], ResolutionError>>
    let latch = Latch()

    init(_ answer: consuming Mutex<Result<[String], ResolutionError>>) { self.answer = answer }
  }

  private static func blockingLookUp(_ host: String) -> Result<[String], ResolutionError> {
    var hints = addrinfo()
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let code = getaddrinfo(host, nil, &hints, &list)
    guard code == 0 else {
      let reason = String(cString: gai_strerror(code))
      return .failure(ResolutionError("the name \(host) can't be resolved: \(reason)"))
    }
    defer { freeaddrinfo(list) }
    var hosts: [String] = []
    for entry in sequence(first: list, next: { $0?.pointee.ai_next }) {
      guard let info = entry?.pointee else { break }
      var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      guard getnameinfo(info.ai_addr, info.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0
      else { continue }
      let number = String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let host = info.ai_family == AF_INET6 ? "[\(number)]" : number
      if !hosts.contains(host) { hosts.append(host) }
    }
    return .success(hosts)
  }
}
