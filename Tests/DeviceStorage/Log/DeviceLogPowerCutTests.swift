import TestFlash
import TestSupport
import Testing

@testable import DeviceStorage
@testable import Foundations

/// The log over a power cut at any change of the flash: somebody who was sent lines is never told others with their IDs.
@Suite(.seated) struct DeviceLogPowerCutTests {
  /// Whoever is sent the lines.
  private struct Server {
    var lines: [String: [DeviceLogLine]] = [:]
    var faults: [String] = []

    mutating func store(_ batch: LogBatch) {
      var stored = lines[batch.log] ?? []
      let through = stored.last?.id ?? 0
      // A log that the server has never heard of may begin anywhere: the device's flash failed.
      if through > 0, batch.firstID > through + 1, batch.lost < batch.firstID - through - 1 {
        faults.append("from \(through) to \(batch.firstID) with \(batch.lost) lost")
      }
      for line in batch.lines {
        if line.id > stored.last?.id ?? 0 {
          stored.append(line)
        } else if let known = stored.first(where: { $0.id == line.id }), known != line {
          faults.append("\(line.id) is \(known.text) and \(line.text)")
        }
      }
      lines[batch.log] = stored
    }
  }

  private static let limits = DeviceLog.Limits(segmentBytes: 250, segments: 3, linesInMemory: 8)

  /// Writes lines and sends some of them on the way.
  private static func live(_ log: DeviceLog, _ life: Int, _ server: inout Server) async {
    for number in 1...30 {
      await DeviceLogTests.append("life \(life) line \(number)", to: log)
      guard number.isMultiple(of: 7), let batch = await log.nextBatch(maximumBytes: 64 << 10, maximumLines: 5) else {
        continue
      }
      server.store(batch)
      // Every second acknowledgement gets lost.
      if number.isMultiple(of: 2) { await log.acknowledge(through: batch.lastID, of: batch.log) }
      if number.isMultiple(of: 4) { await log.saveState() }
    }
  }

  private static func sendAll(_ log: DeviceLog, _ server: inout Server) async {
    while let batch = await log.nextBatch(maximumBytes: 64 << 10, maximumLines: 5) {
      server.store(batch)
      await log.acknowledge(through: batch.lastID, of: batch.log)
    }
  }

  /// A device that has lived, and what the server has of it.
  private static func lived() async throws -> (flash: InMemoryFlash, server: Server) {
    let flash = InMemoryFlash()
    var server = Server()
    await live(try await DeviceLogTests.open(flash, limits), 1, &server)
    return (flash, server)
  }

  @Test func noLineTakesTheIDOfOneThatWasSent() async throws {
    let lived = try await Self.lived()
    var ignored = lived.server
    let uncut = try PowerCutFlash(base: lived.flash)
    await Self.live(try await DeviceLogTests.open(uncut, Self.limits), 2, &ignored)
    #expect(uncut.changes > 40)
    for cutAt in 1...uncut.changes {
      let seeds = (0..<4).map { PowerCutFlash.Survival.anything(seed: UInt64(4 * cutAt + $0)) }
      for survival in [.nothing, .everything, .allButTheLast] + seeds {
        let lived = try await Self.lived()
        var server = lived.server
        let flash = try PowerCutFlash(base: lived.flash, cutAt: cutAt)
        await Self.live(try await DeviceLogTests.open(flash, Self.limits), 2, &server)
        let log = try await DeviceLogTests.open(try flash.reboot(survival), Self.limits)
        await Self.live(log, 3, &server)
        await Self.sendAll(log, &server)
        #expect(server.faults == [], "cut at \(cutAt), \(survival)")
        #expect(
          server.lines.values.contains { $0.last?.text == "life 3 line 30" }, "cut at \(cutAt), \(survival)")
      }
    }
  }
}
