import TestFlash
import TestSupport
import Testing

/// The power fails in every single change of the flash in the course of an update, one after the other.
@Suite(.seated, .serialized) struct PowerCutWalkTests {
  @Test(arguments: PowerCutWalk.Story.allCases) func theDeviceSurvivesEveryCut(_ story: PowerCutWalk.Story) async throws
  {
    let walk = try await PowerCutWalk(story)
    let points = try await walk.countChanges()
    // Fewer would mean that the walk misses what an update writes.
    #expect(points >= story.leastChanges)
    let runs = (1...points).flatMap { Self.runs(cuttingAt: $0) }
    let cuts = try await walk.survive(runs)
    print("power-cut walk, \(story): \(points) points, \(cuts) cuts survived")
    #expect(cuts > points * 5)
  }

  /// With all that was not synced lost, kept, or torn at its end, and with two throws of the die; after the latter the
  /// power fails again while the device recovers.
  private static func runs(cuttingAt point: Int) -> [PowerCutWalk.Run] {
    [
      PowerCutWalk.Run(cutAt: point, survival: .nothing),
      PowerCutWalk.Run(cutAt: point, survival: .everything),
      PowerCutWalk.Run(cutAt: point, survival: .allButTheLast),
      PowerCutWalk.Run(cutAt: point, survival: .anything(seed: UInt64(point)), secondCutAt: 1 + point % 7),
      PowerCutWalk.Run(cutAt: point, survival: .anything(seed: UInt64(1000 + point)), secondCutAt: 1 + point % 23),
    ]
  }
}
