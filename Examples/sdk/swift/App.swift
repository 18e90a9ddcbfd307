import CXTB1

/// Something that happened. Times are nanoseconds of the monotonic clock.
public enum Event: Sendable {
  /// A timer came due at that time; so many further periods have passed since.
  case timer(Timer, due: Int64, missed: Int64)
  /// The broker has the message, or refused it for an MQTT reason code.
  case published(Publication, refusal: Int64?)
  case message(Message, at: Int64)
  /// The broker agreed to a subscription, or refused it for an MQTT reason code.
  case subscribed(Subscription, refusal: Int64?)
  /// A watched pin changed.
  case pin(InputPin, isHigh: Bool, at: Int64)
  /// Of a later API.
  case unknown(kind: Int32, handle: Int32, at: Int64, argument: Int64)

  init(kind: Int32, handle: Int32, time: Int64, argument: Int64) {
    self =
      switch kind {
      case Int32(XTB_EVENT_TIMER): .timer(Timer(handle: handle), due: time, missed: argument)
      case Int32(XTB_EVENT_PUBLISHED):
        .published(Publication(id: handle), refusal: argument == 0 ? nil : argument)
      case Int32(XTB_EVENT_MESSAGE): .message(Message(subscription: Subscription(handle: handle)), at: time)
      case Int32(XTB_EVENT_SUBSCRIBED):
        .subscribed(Subscription(handle: handle), refusal: argument == 0 ? nil : argument)
      case Int32(XTB_EVENT_PIN): .pin(InputPin(handle: handle), isHigh: argument != 0, at: time)
      default: .unknown(kind: kind, handle: handle, at: time, argument: argument)
      }
  }
}

/// An app: mark it `@main`. The host calls one function at a time, on one thread, and each must return soon.
public protocol App {
  /// Starts; an error ends the app before it began.
  init() throws(HostError)

  /// An error is logged, and the app goes on.
  mutating func handle(_ event: Event) throws(HostError)
}

extension App {
  /// The compiler calls this from the program's entry, and `xtb_init` calls that.
  public static func main() {
    do throws(HostError) {
      let box = AppBox(try Self())
      handler = { event throws(HostError) in try box.app.handle(event) }
    } catch {
      log(.error, "the app does not start: \(error.description)")
      startFailure = error.code
    }
  }
}

/// Keeps an app in one place while its closure is copied.
final class AppBox<Body: App> {
  var app: Body

  init(_ app: Body) { self.app = app }
}

// The host calls one function at a time, on the app's only thread.
nonisolated(unsafe) var handler: ((Event) throws(HostError) -> Void)?
nonisolated(unsafe) var startFailure: Int32 = 0

@_extern(c, "__main_argc_argv")
func callMain(_ count: Int32, _ arguments: OpaquePointer?) -> Int32

@_expose(wasm, "xtb_init")
@_cdecl("xtb_init")
func initialize() -> Int32 {
  _ = callMain(0, nil)
  return startFailure
}

@_expose(wasm, "xtb_event")
@_cdecl("xtb_event")
func handleEvent(kind: Int32, handle: Int32, time: Int64, argument: Int64) -> Int32 {
  do throws(HostError) {
    try handler?(Event(kind: kind, handle: handle, time: time, argument: argument))
  } catch {
    log(.error, "an event of kind \(kind) was not handled: \(error.description)")
  }
  return 0
}
