import Foundation
import TestSupport
import Testing

extension EndToEnd {
  @Suite(.seated, .serialized)
  struct DeployTests {
    /// 20 versions in a row to 5 devices: each runs the last, none is skipped, all bytes are as the format says.
    @Test
    func everyDeviceRunsTheLastOfManyVersions() async throws {
      try await Stack.run(devices: 5) { stack in
        let devices = try stack.devices
        #expect(devices.count == 5)
        var last: [String: Deployment] = [:]
        var posted: [(Deployment, App)] = []
        for round in 1...20 {
          for (number, device) in devices.enumerated() {
            let app = try await App.make("round-\(round)-device-\(number)", in: stack.folder, paddingBytes: round * 997)
            let deployment = try #require(try await stack.tryToDeploy(app, to: device))
            #expect(deployment.version == UInt64(round))
            posted.append((deployment, app))
            last[device] = deployment
          }
        }
        for deployment in last.values { try await stack.waitUntilRuns(deployment) }

        for device in devices {
          let listed = try await stack.firmware(of: device)
          #expect(listed.map(\.version) == Array(1...20))
          #expect(listed.map(\.digest) == posted.filter { $0.0.device == device }.map(\.0.digest))
        }
        let base = try stack.value("XTBLISH_IMAGE_STORE_URL")
        for (deployment, app) in posted {
          let image = stack.folder.path("image")
          let fetched = try await stack.curl(
            ["--silent", "--fail", "-o", image, "\(base)/firmware/\(deployment.device)/\(deployment.version)"])
          #expect(fetched.status == 0, "\(fetched.errors)")
          try await mustSucceed(
            "python3",
            [
              "\(Stack.package)/Tests/EndToEnd/check_image.py", deployment.device, String(deployment.version), app.path,
            ], input: image)
        }
      }
    }
  }
}
