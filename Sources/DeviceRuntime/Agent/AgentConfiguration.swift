import AppLink
import DeviceImages
import UpdateCore

/// How an agent behaves; everything that isn't the device's identity. `boot` is the kernel's boot that the agent runs
/// in.
struct AgentConfiguration: Sendable {
  /// The time between two reports when nothing changes.
  var heartbeat: Duration
  /// A report that is not acknowledged is repeated after this.
  var reportRepeatInterval: Duration
  /// How long a new app has to say that it works; what happens then is in `update`.
  var trial: Duration
  /// What settings and fuses say about updates.
  var update: UpdatePolicy
  var boot: BootID
  /// A smaller image compiles sooner than another process starts, so that its own start does it.
  var compileAheadBytes: UInt64
  /// How long an app may take to start; then it counts as failed.
  var startDeadline: Duration
  /// How long an app may take to end between two events before it is killed.
  var stopGrace: Duration
  /// Limits and pauses of downloads.
  var download: ImageDownload.Policy
  /// Hosts to which any image store may redirect.
  var redirectHosts: [String]
  /// What an app may use on this device.
  var appLimits: AppLimits
  /// How much of the log is sent, and when.
  var logUpload: LogUploadPolicy
  /// The longest pause between two connections to the broker that don't hold.
  var longestReconnectPause: Duration
  /// The first pause between two starts of an app that fails.
  var firstRelaunchPause: Duration
  /// What that pause grows to.
  var longestRelaunchPause: Duration

  init(
    heartbeat: Duration = .seconds(30), reportRepeatInterval: Duration = .seconds(5), trial: Duration = .seconds(10),
    update: UpdatePolicy = UpdatePolicy(), boot: BootID = .unknown, compileAheadBytes: UInt64 = 512 << 10,
    startDeadline: Duration = .seconds(30), stopGrace: Duration = .seconds(2),
    download: ImageDownload.Policy = ImageDownload.Policy(), redirectHosts: [String] = [],
    appLimits: AppLimits = .standard,
    logUpload: LogUploadPolicy = LogUploadPolicy(), longestReconnectPause: Duration = .seconds(15),
    firstRelaunchPause: Duration = .seconds(1), longestRelaunchPause: Duration = .seconds(60)
  ) {
    self.heartbeat = heartbeat
    self.reportRepeatInterval = reportRepeatInterval
    self.trial = trial
    self.update = update
    self.boot = boot
    self.compileAheadBytes = compileAheadBytes
    self.startDeadline = startDeadline
    self.stopGrace = stopGrace
    self.download = download
    self.download.appLimits = appLimits.check
    self.redirectHosts = redirectHosts
    self.appLimits = appLimits
    self.logUpload = logUpload
    self.longestReconnectPause = longestReconnectPause
    self.firstRelaunchPause = firstRelaunchPause
    self.longestRelaunchPause = longestRelaunchPause
  }
}
