package import AppLink
package import DeviceBoard

/// How an app is run on its maker's own machine: with the pins and sensors of the `board`, under the name `appName`,
/// within `limits`.
package struct DevConfiguration: Sendable {
  /// The `.wasm` file.
  package var modulePath: String
  /// Where the app's stored values and its compiled code are kept.
  package var directory: String
  package var board: Board
  package var appName: String
  /// What the app reads with `config_get`.
  package var configuration: [String: String]
  /// What the app finds as its command line, after the program's name.
  package var arguments: [String]
  package var limits: AppLimits
  /// How long the app may take to start; then it counts as failed.
  var startDeadline: Duration

  package init(
    modulePath: String, directory: String, board: Board, appName: String, configuration: [String: String] = [:],
    arguments: [String] = [], limits: AppLimits = .standard, startDeadline: Duration = .seconds(30)
  ) {
    self.modulePath = modulePath
    self.directory = directory
    self.board = board
    self.appName = appName
    self.configuration = configuration
    self.arguments = arguments
    self.limits = limits
    self.startDeadline = startDeadline
  }

  /// The name of an app from its file: `app.wasm` is called "app", as an app's name in an image would be.
  package static func appName(ofModule path: String) -> String {
    let file = path.split(separator: "/").last.map(String.init) ?? path
    return file.hasSuffix(".wasm") ? String(file.dropLast(5)) : file
  }
}
