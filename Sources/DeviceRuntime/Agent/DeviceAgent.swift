import AppLink
import AppSupervision
import Curl
import DeviceBoard
import DeviceCredentials
import DeviceImages
import DeviceProtocol
import DeviceStorage
import FirmwareImage
import Foundations
import Logging
import Mosquitto
import ServiceLifecycle
import UpdateCore

/// Runs a device: keeps the app running, takes new versions, says what runs.
///
/// Events are handled one after the other, each with all its actions, so that the order in which the state machine
/// wants things done is the order in which they are done.
actor DeviceAgent: Service {
  let identity: DeviceIdentity
  let security: DeviceSecurity
  let configuration: AgentConfiguration
  let storage: SlotStore
  let log: DeviceLog
  let crashes: CrashStore
  let launcher: any AppLauncher
  let http: HTTPClient
  let logger: Logger
  let topics: DeviceTopics
  let mqtt: MQTTClient
  /// Where what may wait is published, once the device's own reports are out.
  let outlet: MQTTOutlet
  let servers: ImageServers
  let reporter: StateReporter
  nonisolated let board: BoardState
  private let boardProblem: String?
  let subscriptions: AppSubscriptions
  let keyValues: KeyValueStore
  let logUploader: LogUploader
  let crashUploader: CrashUploader
  nonisolated let mailbox = AgentMailbox()
  nonisolated let timings = DeploymentTimings()

  var machine = UpdateMachine(record: BootRecord())
  /// Whether the machine knows how things stand.
  var isStarted = false
  var hindrances = Hindrances()
  lazy var hints = makeHintChecks()
  /// What is said first on the present connection.
  var greeting: Task<Void, Never>?
  /// Connections in a row that ended when the broker was asked to let the device hear.
  var deafConnections = 0
  /// How saying that the device is there fared.
  var presenceTries = MQTTOutlet.Tries()
  /// Apps whose processes run, by slot.
  var apps: [Slot: LiveApp] = [:]
  /// Apps that were told to stop and whose processes may still be there.
  var stopping: [Slot: Task<Void, Never>] = [:]
  var relaunches: [Slot: Relaunch] = [:]
  /// Activations that were not answered yet.
  var takeovers: [Slot: Task<Void, Never>] = [:]
  var lastActive: ActiveApp?
  var download: (task: Task<Void, Never>, figures: TransferFigures)?
  /// What the last download gave, until it is staged.
  var verifiedDownload: VerifiedImage?
  var staging: Task<Void, Never>?
  /// The process that compiles what is being staged.
  var compiler: (any RunningApp)?
  /// Starts a process for the app that is being downloaded.
  var preparation: Task<Void, Never>?
  var failedStaging: (version: UInt64, backoff: RetryBackoff)?
  var trialTimer: Task<Void, Never>?
  var appCount: UInt64 = 0
  /// How the last run of each slot's app ended, of those that this agent saw.
  var lastEndings: [Slot: (version: UInt64, ending: AppEnding)] = [:]
  let startedAt = WallClock.now

  init(
    identity: DeviceIdentity, security: DeviceSecurity, configuration: AgentConfiguration, flash: any Flash,
    launcher: any AppLauncher, http: HTTPClient, logger: Logger
  ) throws {
    self.identity = identity
    self.security = security
    self.configuration = configuration
    self.launcher = launcher
    self.http = http
    self.logger = logger
    storage = SlotStore(flash: flash, device: identity.device, trust: security.trust)
    log = DeviceLog(flash: flash)
    crashes = CrashStore(flash: flash)
    topics = DeviceTopics(identity.device)
    var options = Self.mqttOptions(identity, security, topics)
    options.reconnectMaximumDelay = configuration.longestReconnectPause
    mqtt = try MQTTClient(options: options)
    outlet = MQTTOutlet(mqtt, isOpen: false, quietTime: .seconds(1))
    servers = ImageServers(
      device: identity.device, imageStoreURLs: identity.imageStoreURLs, requiresTLS: security.mqtt != nil,
      redirectHosts: configuration.redirectHosts)
    let (board, problem) = Board.load(from: flash, now: KernelClock.monotonicNanoseconds())
    self.board = BoardState(board)
    boardProblem = problem
    keyValues = KeyValueStore(flash: flash, limits: KeyValueLimits(bytes: configuration.appLimits.keyValueBytes))
    let notes = AgentNotes(log: log, logger: logger)
    subscriptions = AppSubscriptions(mqtt: mqtt, outlet: outlet, prefix: topics.appPrefix, notes: notes)
    reporter = StateReporter(
      mqtt: mqtt, topic: topics.state, heartbeat: configuration.heartbeat,
      repeatInterval: configuration.reportRepeatInterval, timings: timings, notes: notes)
    logUploader = LogUploader(
      log: log, mqtt: mqtt, outlet: outlet, topic: topics.log, policy: configuration.logUpload, notes: notes)
    crashUploader = CrashUploader(
      store: crashes, mqtt: mqtt, outlet: outlet, topic: topics.crash,
      firstRepeatPause: configuration.reportRepeatInterval,
      notes: notes)
  }

  private static func mqttOptions(
    _ identity: DeviceIdentity, _ security: DeviceSecurity, _ topics: DeviceTopics
  ) -> MQTTClientOptions {
    var options = MQTTClientOptions(
      host: identity.mqttHost, port: identity.mqttPort, clientID: identity.device.description)
    options.tls = security.mqtt
    options.cleanStart = false
    // A week: as long as a device may be away and still find what was sent to it. What was lost is told again.
    options.sessionExpirySeconds = 7 * 24 * 60 * 60
    options.will = MQTTWill(topic: topics.presence, payload: Presence.offline.payload, qos: .atLeastOnce, retain: true)
    options.reconnectInitialDelay = .milliseconds(200)
    // Anything that is lost here is told again; and this side must not stall on its own publications.
    options.incomingOverflow = .dropOldest
    options.maximumIncomingMessages = 256
    options.maximumIncomingBytes = 1 << 20
    return options
  }

  /// Works until a graceful shutdown or cancellation; then stops the apps and says goodbye.
  func run() async throws {
    try await log.open()
    try await crashes.open()
    let (record, warning) = try await storage.loadBootRecord()
    if let warning { await note(.warning, warning) }
    if let boardProblem { await note(.warning, boardProblem) }
    machine = UpdateMachine(record: record, policy: try await updatePolicy())
    try mqtt.start()
    await withGracefulShutdownHandler {
      await withTaskCancellationHandler {
        await withTaskGroup(of: Void.self) { group in
          group.addTask { await self.readMessages() }
          group.addTask { await self.readConnectionEvents() }
          group.addTask { await self.reporter.run() }
          group.addTask { await self.releaseMemoryWhenIdle() }
          group.addTask { await self.logUploader.run() }
          group.addTask { await self.crashUploader.run() }
          if let upkeep = self.security.upkeep {
            // The session stays: the broker only sees another certificate of the same device.
            group.addTask {
              await upkeep.run(
                onRenewal: { self.mqtt.reconnect() },
                onHindrance: { await self.hinder(.certificate, by: $0) })
            }
          }
          await self.handleEvents()
          group.cancelAll()
          await self.shutDown()
        }
      } onCancel: {
        mailbox.close()
      }
    } onGracefulShutdown: {
      self.mailbox.close()
    }
  }

  /// What the fuses say of the epoch is stronger than anything else.
  private func updatePolicy() async throws -> UpdatePolicy {
    var policy = configuration.update
    policy.lowestSecurityEpoch = max(policy.lowestSecurityEpoch, try await storage.lowestSecurityEpoch())
    policy.raisesSecurityEpoch = security.trust.hasFuses
    policy.versionsAreSigned = security.trust.hasFuses
    return policy
  }

  private func handleEvents() async {
    // The start is counted, and the count saved, before the first report is made.
    await reporter.begin(bootCount: machine.record.bootCount &+ 1, epoch: machine.record.epoch)
    let pending = await findPendingDownload()
    await handle(.started(pending: pending?.offer, boot: configuration.boot))
    isStarted = true
    if let pending, pending.offer == nil { mailbox.post(pending.hint) }
    while let event = await mailbox.next() { await handle(event) }
  }

  func handle(_ event: UpdateMachine.Event) async {
    let actions = machine.handle(event)
    for action in actions { await perform(action) }
    if case .staged(_, _, isStarted: false) = machine.phase {} else { await hinder(.start, by: nil) }
    if case .downloading = machine.phase { return }
    await hinder(.download, by: nil)
  }

  private func findPendingDownload() async -> (offer: FirmwareOffer?, hint: FirmwareNotification)? {
    let slot = machine.record.spare
    let pending = try? await storage.pendingOffer(
      into: slot, maximumImageBytes: configuration.download.maximumImageBytes)
    return pending ?? nil
  }

  private func makeHintChecks() -> HintChecks {
    let (servers, storage, http, policy, mailbox) = (servers, storage, http, configuration.download, mailbox)
    let timings = timings
    return HintChecks(
      policy: policy,
      make: {
        HeadCheck(
          hint: $0, urls: $1, servers: servers, storage: storage, http: http, policy: policy,
          trace: timings.trace(of: $0.version))
      },
      onOffer: {
        timings.note(\.headChecked, of: $0.version)
        mailbox.post(.offered($0, objection: $1))
      },
      onHindrance: { [weak self] in await self?.hinder(.announcement(version: $0), version: $0, by: $1) })
  }

  private func shutDown() async {
    greeting?.cancel()
    await hints.stop()
    await handle(.stopping)
    trialTimer?.cancel()
    for relaunch in relaunches.values { relaunch.task?.cancel() }
    download?.task.cancel()
    await stopStaging()
    await preparation?.value
    await launcher.dropPrepared()
    for slot in Array(apps.keys) { stopApp(in: slot) }
    for task in Array(stopping.values) { await task.value }
    await download?.task.value
    await log.saveState()
    // The will says that the device is offline.
    await mqtt.close(sendingWill: true)
  }
}
