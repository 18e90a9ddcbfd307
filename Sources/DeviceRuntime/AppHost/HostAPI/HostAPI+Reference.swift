import AppLink
import DeviceProtocol

/// The reference page of the host API, made of the table that the device itself uses.
extension HostAPI {
  /// Markdown, the content of docs/host-api.md.
  package static let referencePage: String = {
    var page = introduction
    page += "\n## Errors\n\n| result | name | meaning |\n|---|---|---|\n"
    for errno in HostErrno.allCases {
      page += "| \(errno.result) | \(errno.name) | \(errno.documentation) |\n"
    }
    page += "\n## Events\n\n| kind | name | meaning |\n|---|---|---|\n"
    for kind in HostEvent.Kind.allCases {
      page += "| \(kind.rawValue) | \(kind) | \(kind.documentation) |\n"
    }
    page += "\nMore kinds will come: ignore those you don't know.\n"
    for topic in topics {
      page += "\n## \(topic.title)\n"
      if let note = notes[topic.title] { page += "\n\(note)\n" }
      for function in topic.functions {
        page += "\n### `\(function.name)`\n\n```\n\(function.signature)\n```\n\n\(function.documentation)\n"
      }
    }
    return page + standardInterface
  }()

  private static let introduction = """
    # Host API, level \(HostInterface.level)

    What an app on a device may call. This page is written by `make host-api` from the table that devices themselves \
    use; don't edit it.

    An app is a core WebAssembly module. It imports functions of the module `\(HostInterface.module)`; the version is \
    the name, so an API that breaks apps of this one gets another name, and both are served. An app that imports what \
    a device does not offer is not started, and the reason says which function.

    An app exports its memory as `memory`, and either

    - `xtb_init() -> i32` and `xtb_event(kind i32, handle i32, time_ns i64, arg i64) -> i32`. The host calls \
    `xtb_init` once, which returns 0 if all is well, and then `xtb_event` once for each event. The app is ended if a \
    call takes too long: by default, more than a second. Or
    - `_start()`, as programs with `main` do. It runs until it returns, and waits for its events with `poll`. It is \
    ended if it computes for too long, by default for ten seconds of processor time, without once waiting or printing.

    `_initialize()`, if it is exported, is called first. The app's predecessor, if there is one, runs until `xtb_init` \
    has returned; the first event comes, or `_start` is called, after it has stopped.

    A pointer is an offset into `memory`, and its length follows it; both are i32. A result of 0 or more is the value; \
    a negative one is an error, whose number is that of WASI preview 1's errno. A call that fills a buffer returns the \
    full length and writes only if that fits, so a call with a capacity of 0 asks for the length. Numbers in records \
    are little-endian. Times are in nanoseconds; those of events are on the monotonic clock. Names of pins, sensors, \
    topics and configuration keys are UTF-8 of at most 256 bytes without control characters.

    """

  private static let notes = [
    "Stored values": """
    Values outlive the app and its next version. They belong to the app's name, so an app of another name does not see \
    them. A call may have to wait for the storage; that time does not count towards the app's deadline.
    """,
    "Messages": """
    Messages go over MQTT and arrive at least once, so one may come twice. An app that does not keep up loses \
    messages; a line in the log says how many.
    """,
    "Pins": """
    The names are those of `board.json` in the device's directory. On hardware a pin is a line of a GPIO character \
    device; where none is configured it is simulated: `xtblish-device pin` shows it and sets it.
    """,
    "Sensors": """
    The names are those of `board.json` in the device's directory. A sensor's channel reads from Linux's industrial \
    I/O, or is simulated: a constant or a waveform, which `xtblish-device sensor` replaces by another.
    """,
    "AssemblyScript": """
    These are of the import module `env`. Strings are UTF-16, with their length in bytes in the four bytes before \
    them. The app exports `memory`, and either `xtb_init` and `xtb_event` or `_start`, as every app does.
    """,
  ]

  private static let standardInterface = """

    ## WASI

    All functions of WASI preview 1 (`\(HostInterface.wasiModule)`) can be imported, so that what ordinary toolchains make \
    runs unchanged. What an app writes to its standard output and error becomes lines of the device's log; standard input \
    is empty. Clocks, random numbers, arguments, environment, and `proc_exit` work; `proc_exit` ends the app. \
    `poll_oneoff` is as exact as the kernel's timers. There are no files and no sockets: opening one fails.

    """
}
