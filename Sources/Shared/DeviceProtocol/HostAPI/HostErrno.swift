/// Why a host function did not do what it was asked: WASI preview 1's numbers, of which an app sees the negative.
package enum HostErrno: Int32, Error, CaseIterable {
  /// EACCES
  case access = 2
  /// EAGAIN
  case again = 6
  /// EBADF
  case badHandle = 8
  /// EFAULT
  case fault = 21
  /// EINVAL
  case invalid = 28
  /// EIO
  case inputOutput = 29
  /// ENOENT
  case notFound = 44
  /// ENOSPC
  case noSpace = 51
  /// ENOSYS
  case notSupported = 52
  /// ENOTCAPABLE
  case notCapable = 76

  /// The error that a result of the host API stands for; nil if it is none.
  package init?(result: Int32) {
    guard result != .min, result < 0 else { return nil }
    self.init(rawValue: -result)
  }

  /// The negative number that the app gets as a function's result.
  package var result: Int64 { -Int64(rawValue) }

  /// The error's short name, as the reference page and the app's log have it.
  package var name: String {
    switch self {
    case .access: "ACCES"
    case .again: "AGAIN"
    case .badHandle: "BADF"
    case .fault: "FAULT"
    case .invalid: "INVAL"
    case .inputOutput: "IO"
    case .notFound: "NOENT"
    case .noSpace: "NOSPC"
    case .notSupported: "NOSYS"
    case .notCapable: "NOTCAPABLE"
    }
  }

  /// When an app gets it, in a sentence for the reference page of the host API.
  package var documentation: String {
    switch self {
    case .access: "The name is there, but not for this: an input pin can't be set."
    case .again: "A queue is full, a rate is exceeded, or a pin is another's still: try later."
    case .badHandle: "No such handle."
    case .fault: "A pointer or a length reaches outside the app's memory."
    case .invalid: "A value is out of range."
    case .inputOutput: "The hardware or the storage failed."
    case .notFound: "Nothing of that name."
    case .noSpace: "A table or the storage is full: free something first."
    case .notSupported: "Not possible for an app of this kind, or at this moment."
    case .notCapable: "This device does not grant that name to the app."
    }
  }
}
