/// How an app is driven, which its exports tell.
enum AppEntry: Equatable {
  /// `xtb_init`, then `xtb_event` for each event.
  case events
  /// WASI's `_start`, once, until it returns.
  case program

  /// - Parameter functions: names of the functions that the app exports.
  init?(functions: Set<String>) {
    if functions.isSuperset(of: ["xtb_init", "xtb_event"]) {
      self = .events
    } else if functions.contains("_start") {
      self = .program
    } else {
      return nil
    }
  }

  static let advice =
    "the app exports neither xtb_init and xtb_event nor _start, so there is nothing to run: export "
    + "xtb_init() -> i32 and xtb_event(i32, i32, i64, i64) -> i32, or build it as a WASI command"
}
