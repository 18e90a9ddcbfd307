/// First argument of `xtb_event`. The numbers are the API's: they never change.
enum HostEventKind: Int32, CaseIterable {
  /// A timer came due. Handle: the timer; arg: how many further periods have passed since it was due.
  case timer = 1
  /// A publication was settled. Handle: its message ID; arg: 0, or the broker's MQTT reason code if it was refused.
  case published = 2
}
