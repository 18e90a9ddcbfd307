/// Why a host function did not do what it was asked: WASI preview 1's numbers, of which an app sees the negative.
enum HostErrno: Int32, Error, CaseIterable {
  /// EAGAIN: a queue is full or a rate is exceeded; try later.
  case again = 6
  /// EBADF: no such handle.
  case badHandle = 8
  /// EFAULT: a pointer or a length reaches outside the app's memory.
  case fault = 21
  /// EINVAL: a value out of range.
  case invalid = 28
  /// ENOENT: nothing of that name.
  case notFound = 44
  /// ENOSPC: the table is full; free something first.
  case noSpace = 51
  /// ENOSYS: not possible for an app of this kind.
  case notSupported = 52

  /// What the app gets.
  var result: Int64 { -Int64(rawValue) }
}
