package import Wire

extension WirePinGrant {
  init(_ grant: PinGrant) {
    self.init()
    name = grant.name
    isOutput = grant.isOutput
    switch grant.source {
    case .simulated(let level): self.level = level
    case .line(let chip, let offset, let isActiveLow):
      self.chip = chip
      line = offset
      activeLow = isActiveLow
    }
  }
}

extension PinGrant {
  init(_ wire: WirePinGrant) {
    let source: Source =
      wire.chip.isEmpty
      ? .simulated(level: wire.level) : .line(chip: wire.chip, offset: wire.line, isActiveLow: wire.activeLow)
    self.init(name: wire.name, isOutput: wire.isOutput, source: source)
  }
}

extension WirePinLevel {
  init(_ level: PinLevel) {
    self.init()
    name = level.name
    self.level = level.level
    changes = level.changes
  }
}

extension PinLevel {
  init(_ wire: WirePinLevel) {
    self.init(name: wire.name, level: wire.level, changes: wire.changes)
  }
}

extension WireSensorGrant {
  init(_ grant: SensorGrant) {
    self.init()
    name = grant.name
    channels = grant.channels.map { WireSensorChannel($0) }
  }
}

extension SensorGrant {
  package init(_ wire: WireSensorGrant) {
    self.init(name: wire.name, channels: wire.channels.map { SensorSource($0) })
  }
}

extension WireSensorChannel {
  init(_ source: SensorSource) {
    self.init()
    switch source {
    case .constant(let microUnits): constantMicroUnits = microUnits
    case .waveform(let shape):
      waveform.timesNanoseconds = shape.times
      waveform.microUnits = shape.microUnits
      waveform.startedAtNanoseconds = shape.startedAt
    case .industrialInput(let input):
      industrialInput.devicePath = input.devicePath
      industrialInput.channel = input.channel
      industrialInput.microUnitsPerUnit = input.microUnitsPerUnit
    }
  }
}

extension SensorSource {
  init(_ wire: WireSensorChannel) {
    switch wire.source {
    case .constantMicroUnits(let microUnits): self = .constant(microUnits: microUnits)
    case .waveform(let shape):
      self = .waveform(
        Waveform(
          times: shape.timesNanoseconds, microUnits: shape.microUnits, startedAt: shape.startedAtNanoseconds))
    case .industrialInput(let input):
      self = .industrialInput(
        IndustrialInput(
          devicePath: input.devicePath, channel: input.channel, microUnitsPerUnit: input.microUnitsPerUnit))
    case nil: self = .constant(microUnits: 0)
    }
  }
}
