import AppLink
import AppSupervision
import DeviceBoard
import Foundations
import Messaging
import Wire

/// What a person or a test does with the device's pins and sensors.
extension AgentRPC {
  func registerHardware(on router: inout RPCRouter) {
    let agent = agent
    router.handle(WireListPins.self) { _, _ in WirePins(agent.board) }
    router.handle(WireSetPin.self) { request, _ in
      try await Self.refusing("unusable-pin") { try await agent.setPin(request.name, to: request.level) }
      return WirePins(agent.board)
    }
    router.handle(WireListSensors.self) { _, _ in WireSensors(agent.board) }
    router.handle(WireSetSensor.self) { request, _ in
      let rows = request.rows.map { SensorTable.Row(nanoseconds: $0.timeNanoseconds, microUnits: $0.microUnits) }
      try await Self.refusing("unusable-sensor") {
        try await agent.setSensor(request.name, to: SensorTable(rows: rows))
      }
      return WireSensors(agent.board)
    }
  }

  private static func refusing(_ reason: String, _ body: () async throws -> Void) async throws {
    do {
      try await body()
    } catch let error as BoardError {
      throw WireFailure(.invalid, reason: reason, message: "\(error)")
    }
  }
}

extension DeviceAgent {
  func setPin(_ name: String, to level: Int32) async throws {
    try board.setPin(name, to: level, isTold: !apps.isEmpty)
    for live in Array(apps.values) { await live.app.deliver(.pin(name: name, level: level)) }
  }

  func setSensor(_ name: String, to table: SensorTable) async throws {
    let grant = try board.setSensor(name, to: table, now: KernelClock.monotonicNanoseconds())
    for live in Array(apps.values) { await live.app.deliver(.sensor(grant)) }
  }
}

extension WirePins {
  fileprivate init(_ board: BoardState) {
    self.init()
    pins = board.pins().map { status in
      var pin = Pin()
      pin.name = status.name
      pin.isOutput = status.isOutput
      pin.level = status.level
      pin.changes = status.changes
      pin.source = status.source
      return pin
    }
  }
}

extension WireSensors {
  fileprivate init(_ board: BoardState) {
    self.init()
    sensors = board.sensors(now: KernelClock.monotonicNanoseconds()).map { status in
      var sensor = Sensor()
      sensor.name = status.name
      sensor.microUnits = status.microUnits
      sensor.source = status.source
      return sensor
    }
  }
}
