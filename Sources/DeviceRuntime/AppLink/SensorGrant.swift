/// A sensor that an app may open by its `name`.
package struct SensorGrant: Sendable, Equatable {
  package var name: String
  /// The channels in the order of their numbers, from 0; `sensor_read` names them by these.
  package var channels: [SensorSource]

  package init(name: String, channels: [SensorSource]) {
    self.name = name
    self.channels = channels
  }
}

/// Where the values of a sensor's channel come from. Values are millionths of the channel's unit.
package enum SensorSource: Sendable, Equatable {
  case constant(microUnits: Int64)
  case waveform(Waveform)
  case industrialInput(IndustrialInput)
}

/// Values at times. Between two points the value is on the straight line; after the last one the waveform starts over.
package struct Waveform: Sendable, Equatable {
  /// The times of the points, in nanoseconds from `startedAt`, growing, the first at or after 0.
  package var times: [UInt64]
  /// The values, one for each time, in millionths of the channel's unit.
  package var microUnits: [Int64]
  /// The moment of the monotonic clock from which times count.
  package var startedAt: UInt64

  package init(times: [UInt64], microUnits: [Int64], startedAt: UInt64) {
    self.times = times
    self.microUnits = microUnits
    self.startedAt = startedAt
  }

  /// The value at a moment of the monotonic clock; 0 if there are no points.
  package func microUnits(at now: UInt64) -> Int64 {
    guard let last = times.last, times.count == microUnits.count else { return 0 }
    let elapsed = now > startedAt ? now - startedAt : 0
    let time = last > 0 ? elapsed % last : 0
    // The first point after the moment.
    guard let next = times.firstIndex(where: { $0 > time }) else { return microUnits[times.count - 1] }
    guard next > 0 else { return microUnits[0] }
    let span = Double(times[next] - times[next - 1])
    let share = Double(time - times[next - 1]) / span
    let (before, after) = (Double(microUnits[next - 1]), Double(microUnits[next]))
    return Int64(clamping: (before + (after - before) * share).rounded())
  }
}

extension Int64 {
  /// Nothing but a number becomes 0; what is out of range becomes the nearest that is in it.
  package init(clamping value: Double) {
    guard !value.isNaN else {
      self = 0
      return
    }
    self = Int64(exactly: value.rounded()) ?? (value < 0 ? .min : .max)
  }
}

/// A channel of Linux's industrial I/O: the value is (raw + offset) × scale, from the files in sysfs.
package struct IndustrialInput: Sendable, Equatable {
  /// The device's folder in sysfs, for example "/sys/bus/iio/devices/iio:device0".
  package var devicePath: String
  /// What the names of the channel's files begin with, for example "in_temp".
  package var channel: String
  /// Millionths of the board's unit for one unit of the kernel's, which for example counts temperature in 0.001 °C.
  package var microUnitsPerUnit: Double

  package init(devicePath: String, channel: String, microUnitsPerUnit: Double) {
    self.devicePath = devicePath
    self.channel = channel
    self.microUnitsPerUnit = microUnitsPerUnit
  }
}
