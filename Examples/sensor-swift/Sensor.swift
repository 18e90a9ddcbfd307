// A temperature sensor: reads each period, logs the reading and publishes it as JSON to the topic `temperature`.
// Counts its readings across restarts and updates.
// Configuration: period_ms, from 10 to 3600000; 1000 if there is none. `appVersion` comes from the build.
import XTB1

@main
struct Thermometer: App {
  let sensor: Sensor
  let timer: Timer
  var readings: Int64
  var isConfirmed = false

  init() throws(HostError) {
    sensor = try Sensor("temperature")
    readings = Self.storedReadings()
    var period = Device.configuredNumber("period_ms") ?? 1000
    if !(10...3_600_000).contains(period) { period = 1000 }
    log("sensor-swift \(appVersion) starts: period_ms \(period), \(readings) readings so far")
    timer = try .every(.milliseconds(period))
  }

  /// A sensor that can't read its count begins anew.
  private static func storedReadings() -> Int64 {
    do throws(HostError) {
      return try Storage.number("readings") ?? 0
    } catch {
      log(.warning, "the count can't be read: \(error.description)")
      return 0
    }
  }

  mutating func handle(_ event: Event) throws(HostError) {
    switch event {
    case .timer(timer, _, _): try measure()
    case .published(_, let refusal?): log(.warning, "the broker refused a reading: reason \(refusal)")
    default: break
    }
  }

  private mutating func measure() throws(HostError) {
    let temperature = try sensor.read().text()
    readings += 1
    log("temperature \(temperature) °C (reading \(readings))")
    let values = "\"temperature\":\(temperature),\"unit\":\"C\",\"reading\":\(readings)"
    try publish("temperature", "{\(values),\"app\":\"sensor-swift\",\"version\":\"\(appVersion)\"}")

    if !isConfirmed {
      isConfirmed = true
      Device.confirmHealth()
    }
    // Not at each reading: flash wears.
    if readings % 10 == 1 { try Storage.set("readings", number: readings) }
  }
}
