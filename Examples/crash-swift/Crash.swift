// Crashes in its third tick, to show what a crash report says.
import XTB1

@main
struct Crash: App {
  var samples = [20, 21, 22]
  var ticks = 0

  init() throws(HostError) {
    log("crash-swift starts: it crashes in its third tick")
    _ = try Timer.every(.milliseconds(100), first: .milliseconds(100))
  }

  mutating func handle(_ event: Event) throws(HostError) {
    guard case .timer = event else { return }
    ticks += 1
    log("the sample is \(measure())")
  }

  @inline(never)
  func measure() -> Int {
    pick(ticks < 3 ? ticks : ticks * 10)
  }

  @inline(never)
  func pick(_ index: Int) -> Int {
    samples[index]  // crashes here, past the end
  }
}
