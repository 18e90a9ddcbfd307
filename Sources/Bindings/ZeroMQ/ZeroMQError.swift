import CZeroMQ

/// A call of libzmq, or of the kernel on its behalf, that did not succeed.
package struct ZeroMQError: Error, Equatable, Sendable {
  /// The value of `errno`, read beside the call: one of the system's, or one of libzmq's own.
  package let code: Int32

  /// The call and what it was about, for example `zmq_bind tcp://127.0.0.1:7102`.
  package let call: String

  package init(code: Int32, call: String) {
    self.code = code
    self.call = call
  }

  /// The error of the call that just failed on this thread.
  static func last(_ call: String) -> ZeroMQError {
    ZeroMQError(code: zmq_errno(), call: call)
  }

  /// Another socket, here or in another process, has the address.
  package var isAddressInUse: Bool { code == EADDRINUSE }
}

extension ZeroMQError: CustomStringConvertible {
  package var description: String {
    let text = unsafe String(cString: zmq_strerror(code))
    return "\(call): \(text) (errno \(code))\(advice.map { "; \($0)" } ?? "")"
  }

  private var advice: String? {
    switch code {
    case EADDRINUSE: "another process listens there: stop it, or choose another address"
    case EADDRNOTAVAIL, ENODEV:
      "no interface of this machine has the address: listen on one that it has, or on tcp://*:PORT"
    case EINVAL, EPROTONOSUPPORT, ENOCOMPATPROTO:
      "write the address as tcp://HOST:PORT or ipc:///PATH"
    case ENAMETOOLONG: "the path of a socket is limited to 107 bytes: choose a shorter folder"
    case EACCES: "this user may not use the address: check the folder's permissions, or use a port above 1023"
    case ENOENT: "the socket's folder does not exist: create it first"
    case EMFILE: "too many open files or sockets: raise the limit (ulimit -n)"
    case EHOSTUNREACH: "the peer is not connected any more"
    default: nil
    }
  }
}
