import CXTB1

/// Why a call to the host did not do what it was asked.
public enum HostError: Error, Equatable {
  /// The name is there, but not for this: an input pin can't be set.
  case notAllowed
  /// A queue is full or a rate is exceeded.
  case tryLater
  /// The timer, pin, sensor or subscription is closed already.
  case badHandle
  /// A pointer reached outside the app's memory: not from this module.
  case fault
  case invalidValue
  /// The hardware or the storage failed.
  case hardwareFailed
  /// Nothing of that name.
  case notFound
  /// A table or the storage is full.
  case full
  /// Not possible for an app of this kind, or at this moment.
  case notPossible
  /// This device does not grant that name.
  case notGranted
  /// Of a later API: the number as the host gave it, below 0.
  case unknown(Int64)
  /// The app itself refuses to go on.
  case refused

  init(_ result: Int64) {
    self =
      switch result {
      case Int64(XTB_EACCES): .notAllowed
      case Int64(XTB_EAGAIN): .tryLater
      case Int64(XTB_EBADF): .badHandle
      case Int64(XTB_EFAULT): .fault
      case Int64(XTB_EINVAL): .invalidValue
      case Int64(XTB_EIO): .hardwareFailed
      case Int64(XTB_ENOENT): .notFound
      case Int64(XTB_ENOSPC): .full
      case Int64(XTB_ENOSYS): .notPossible
      case Int64(XTB_ENOTCAPABLE): .notGranted
      default: .unknown(result)
      }
  }

  /// What `xtb_init` answers for it.
  var code: Int32 {
    switch self {
    case .notAllowed: Int32(XTB_EACCES)
    case .tryLater: Int32(XTB_EAGAIN)
    case .badHandle: Int32(XTB_EBADF)
    case .fault: Int32(XTB_EFAULT)
    case .invalidValue: Int32(XTB_EINVAL)
    case .hardwareFailed: Int32(XTB_EIO)
    case .notFound: Int32(XTB_ENOENT)
    case .full: Int32(XTB_ENOSPC)
    case .notPossible: Int32(XTB_ENOSYS)
    case .notGranted: Int32(XTB_ENOTCAPABLE)
    case .unknown(let result): Int32(truncatingIfNeeded: result)
    case .refused: 1
    }
  }

  /// For people.
  public var description: String {
    switch self {
    case .notAllowed: "not allowed for this name"
    case .tryLater: "try later"
    case .badHandle: "it is closed"
    case .fault: "a pointer outside memory"
    case .invalidValue: "a value out of range"
    case .hardwareFailed: "the hardware or the storage failed"
    case .notFound: "nothing of that name"
    case .full: "full"
    case .notPossible: "not possible here"
    case .notGranted: "not granted by this device"
    case .unknown(let result): "error \(result)"
    case .refused: "refused by the app"
    }
  }
}

/// The value of a result, or the error that it is.
@discardableResult
func check(_ result: Int32) throws(HostError) -> Int32 {
  guard result >= 0 else { throw HostError(Int64(result)) }
  return result
}

@discardableResult
func check(_ result: Int64) throws(HostError) -> Int64 {
  guard result >= 0 else { throw HostError(result) }
  return result
}
