import AppLink
import DeviceProtocol
import Foundations
import Wasmtime

/// Results that an app may never look at: each is told once in the log, by the name of the call, with the limit and the
/// way out.
extension AppContext {
  /// How many different calls or results are told of; a program that tries everything is told no more.
  static let refusalLimit = 32

  struct Refusal: Equatable {
    var call: String
    var errno: HostErrno
    var why: String

    var description: String {
      let words =
        if !why.isEmpty { why } else if errno == .badHandle {
          "nothing is open by the handle that it was given: pass what the call that opened it returned, if that is above 0"
        } else { errno.documentation }
      return "\(call) gave \(errno.result) (\(errno.name)): \(words)"
    }
  }

  /// The error to throw, with what the log says of it.
  func refusal(_ errno: HostErrno, _ why: String) -> HostErrno {
    explanation = why
    return errno
  }

  /// Runs `body`, and if it fails so, the log says why.
  func explaining<Result>(
    _ errno: HostErrno, _ why: @autoclosure () -> String, _ body: () throws(HostErrno) -> Result
  ) throws(HostErrno) -> Result {
    do throws(HostErrno) {
      return try body()
    } catch {
      if error == errno { explanation = why() }
      throw error
    }
  }

  /// Tells of a call that failed, the first time that it fails so.
  func note(_ errno: HostErrno, of call: String) {
    defer { explanation = "" }
    // That there is nothing of a name is an answer. Dropped lines have notes of their own.
    guard errno != .notFound, call != "log" || errno != .again else { return }
    let refusal = Refusal(call: call, errno: errno, why: explanation)
    lastRefusal = refusal
    guard refusals.count < Self.refusalLimit,
      !refusals.contains(where: { $0.call == call && $0.errno == errno && $0.why == explanation })
    else { return }
    let isNew = !refusals.contains { $0.call == call && $0.errno == errno }
    refusals.append(refusal)
    // The same for another name or value is as interesting, up to a few.
    guard isNew || refusals.count(where: { $0.call == call && $0.errno == errno }) <= 4 else { return }
    state.log.note(.warning, "\(refusal.description) (told once)")
  }

  /// The bytes that arguments `index` and `index + 1` point at.
  ///
  /// - Parameter what: they are, for the log.
  func bytes(
    _ call: borrowing HostCall, _ index: Int, limit: Int, _ what: String
  ) throws(HostErrno) -> [UInt8] {
    do throws(HostErrno) {
      return try call.bytes(index, limit: limit)
    } catch .invalid {
      throw refusal(
        .invalid, "the \(what) has \(UInt32(bitPattern: call.i32(index + 1))) bytes, at most \(limit) are taken")
    }
  }

  /// The text that arguments `index` and `index + 1` point at.
  ///
  /// - Parameter what: it is, for the log.
  func text(_ call: borrowing HostCall, _ index: Int, limit: Int, _ what: String) throws(HostErrno) -> String {
    do throws(HostErrno) {
      return try call.text(index, limit: limit)
    } catch .invalid {
      throw refusal(
        .invalid,
        "the \(what) must be UTF-8 of at most \(limit) bytes without control characters (its length is in bytes)")
    }
  }
}
