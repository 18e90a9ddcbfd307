// A temperature sensor: reads each period, logs the reading and publishes it as JSON to the topic `temperature`.
// Configuration: period_ms, from 10 to 3600000; 1000 if there is none. `appVersion` comes from the build.

struct Sensor {
  var timer: Int32 = 0
  var readings: Int64 = 0
  var isConfirmed = false

  mutating func start() -> Int32 {
    var period = configuredNumber("period_ms", fallback: 1000)
    if period < 10 || period > 3_600_000 { period = 1000 }
    var line = TextBuffer()
    line.append("sensor-swift ")
    line.append(appVersion)
    line.append(" starts: period_ms ")
    line.append(period)
    log(.info, line)

    timer = hostTimerStart(0, period &* 1_000_000)
    return timer < 0 ? timer : 0
  }

  /// Stands in for a sensor: hundredths of a degree, rising and falling by 3 degrees around 21 in 24 readings.
  static func temperature(reading: Int64) -> Int64 {
    let step = reading % 24
    return 1800 + (step < 12 ? step : 24 - step) &* 50
  }

  mutating func measure() {
    let temperature = Self.temperature(reading: readings)
    readings += 1

    var line = TextBuffer()
    line.append("temperature ")
    line.append(hundredths: temperature)
    line.append(" °C (reading ")
    line.append(readings)
    line.append(")")
    log(.info, line)

    var json = TextBuffer()
    json.append("{\"temperature\":")
    json.append(hundredths: temperature)
    json.append(",\"unit\":\"C\",\"reading\":")
    json.append(readings)
    json.append(",\"app\":\"sensor-swift\",\"version\":\"")
    json.append(appVersion)
    json.append("\"}")
    let id = publish("temperature", json, qos: 1)
    if id < 0 {
      var problem = TextBuffer()
      problem.append("the reading is not published: error ")
      problem.append(Int64(id))
      log(.warning, problem)
    }

    if !isConfirmed {
      isConfirmed = true
      _ = hostHealthConfirm()
    }
  }
}

/// The host calls one function at a time, on one thread.
nonisolated(unsafe) var sensor = Sensor()

@_expose(wasm, "xtb_init")
@_cdecl("xtb_init")
func initialize() -> Int32 {
  sensor.start()
}

@_expose(wasm, "xtb_event")
@_cdecl("xtb_event")
func handle(kind: Int32, handle: Int32, time: Int64, argument: Int64) -> Int32 {
  if kind == Event.timer, handle == sensor.timer { sensor.measure() }
  if kind == Event.published, argument != 0 {
    var line = TextBuffer()
    line.append("the broker refused a reading: reason ")
    line.append(argument)
    log(.warning, line)
  }
  return 0
}
