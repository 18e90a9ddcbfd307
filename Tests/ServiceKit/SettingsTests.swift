import Logging
import Messaging
import ServiceKit
import TestSupport
import Testing
import Wire

/// A service with a setting of every kind.
private struct SampleSettings: ServiceSettings {
  static let serviceName = "image-store"
  static let busRole: BusRole? = nil
  static let listen = Setting(
    "image-store.http.listen", .listenAddress, .default("127.0.0.1:7121"), help: "Where HTTP is served.")
  static let database = Setting(
    "database.url", .url(["postgresql", "postgres"]), .required, help: "The database to keep things in.")
  static let key = Setting("image-store.key", .text, .optional, isSecret: true, help: "What opens the store.")
  static let maximum = Setting(
    "image-store.maximum-bytes", .byteSize(1...(1 << 30)), .default("64MiB"), help: "The largest image.")
  static let peers = Setting("registry.endpoints", .endpoints, .default("tcp://127.0.0.1:7102"), help: "The registry.")
  static let pause = Setting(
    "image-store.pause", .duration(.milliseconds(1)...(.seconds(60))), .default("1.5"), help: "A pause.")
  static let count = Setting("image-store.count", .integer(1...10), .default("3"), help: "A count.")

  static let allSettings: [any SettingDescription] = [listen, database, key, maximum, peers, pause, count]

  let listen: ListenAddress
  let database: String
  let key: String?
  let maximum: Int
  let peers: [String]
  let pause: Duration
  let count: Int

  init(_ reader: inout SettingsReader) throws(SettingsError) {
    listen = try reader.require(Self.listen)
    database = try reader.require(Self.database)
    key = try reader.optional(Self.key)
    maximum = try reader.require(Self.maximum)
    peers = try reader.require(Self.peers)
    pause = try reader.require(Self.pause)
    count = try reader.require(Self.count)
    if count == 7 { reader.refuse(Self.count, "7 is not possible with this store; choose another") }
  }
}

@Suite(.seated) struct SettingsTests {
  private static let database = ["XTBLISH_DATABASE_URL": "postgresql://app:hunter2@db:5432/xtblish"]

  private func problems(_ environment: [String: String], file: String? = nil) -> [String] {
    do {
      _ = try SampleSettings.load(environment: environment, configurationPath: file)
      return []
    } catch {
      return error.problems.map(\.message)
    }
  }

  @Test func defaultsHold() throws {
    let (settings, process) = try SampleSettings.load(environment: Self.database)
    #expect(settings.listen == ListenAddress(host: "127.0.0.1", port: 7121))
    #expect(settings.maximum == 64 << 20)
    #expect(settings.peers == ["tcp://127.0.0.1:7102"])
    #expect(settings.pause == .milliseconds(1_500))
    #expect(settings.key == nil)
    #expect(process.logLevel == .info)
    #expect(process.logFormat == .text)
  }

  @Test func environmentWinsOverFileAndFileOverDefault() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("config.json")
    try writeFile(
      path,
      """
      {"image-store": {"count": 4, "pause": 0.25, "http": {"listen": "[::1]:9"}},
       "registry": {"endpoints": ["tcp://a:1", "tcp://b:2"]}, "log": {"level": "debug"}, "notifier": {"strange": 1}}
      """)
    var environment = Self.database
    environment["XTBLISH_IMAGE_STORE_COUNT"] = "5"
    // An empty variable is no variable.
    environment["XTBLISH_IMAGE_STORE_PAUSE"] = ""
    let (settings, process) = try SampleSettings.load(environment: environment, configurationPath: path)
    #expect(settings.count == 5)
    #expect(settings.pause == .milliseconds(250))
    #expect(settings.listen == ListenAddress(host: "::1", port: 9))
    #expect(settings.listen.description == "[::1]:9")
    #expect(settings.peers == ["tcp://a:1", "tcp://b:2"])
    #expect(process.logLevel == .debug)
    environment["XTBLISH_CONFIG"] = path
    #expect(try SampleSettings.load(environment: environment).settings.peers.count == 2)
  }

  @Test func allProblemsAtOnce() {
    let found = problems([
      "XTBLISH_IMAGE_STORE_COUNT": "eleven", "XTBLISH_IMAGE_STORE_HTTP_LISTEN": "nowhere", "XTBLISH_LOG_LEVEL": "loud",
      "XTBLISH_IMAGE_STORE_MAXIMUM_BITES": "1",
    ])
    #expect(found.count == 5)
    #expect(found.contains { $0.contains("XTBLISH_DATABASE_URL (database.url) is not set") })
    #expect(found.contains { $0.contains("\"eleven\"") && $0.contains("a whole number from 1 to 10") })
    #expect(found.contains { $0.contains("XTBLISH_IMAGE_STORE_HTTP_LISTEN") && $0.contains("127.0.0.1:7101") })
    #expect(found.contains { $0.contains("\"loud\"") && $0.contains("one of trace, debug") })
    #expect(found.contains { $0.contains("did you mean XTBLISH_IMAGE_STORE_MAXIMUM_BYTES?") })
  }

  @Test func problemsOfSeveralSettingsCount() {
    let found = problems(Self.database.merging(["XTBLISH_IMAGE_STORE_COUNT": "7"]) { $1 })
    #expect(
      found == ["XTBLISH_IMAGE_STORE_COUNT (image-store.count): 7 is not possible with this store; choose another"])
  }

  @Test func unknownNamesAreReportedAndOthersLeftAlone() throws {
    let folder = try TemporaryFolder()
    let path = folder.path("config.json")
    try writeFile(
      path, #"{"databse": {"url": "x"}, "image-store": {"cuont": 1}, "registry": {"http": {"listen": "x"}}}"#)
    var environment = Self.database
    environment["XTBLISH_DATABSE_URL"] = "postgresql://h/d"
    environment["XTBLISH_IMAGE_STORE_URL"] = "http://for-clients"
    environment["XTBLISH_REGISTRY_HTTP_LISTEN"] = "not ours"
    environment["XTBLISH_PID_REGISTRY_1"] = "123"
    environment["XTBLISH_ENGINE"] = "/lib/engine.so"
    environment["PATH"] = "/bin"
    let found = problems(environment, file: path)
    #expect(found.count == 3, "\(found)")
    #expect(found.contains { $0.contains("XTBLISH_DATABSE_URL is not known: did you mean XTBLISH_DATABASE_URL?") })
    #expect(found.contains { $0.contains("databse.url") && $0.contains("did you mean database.url?") })
    #expect(found.contains { $0.contains("image-store.cuont") && $0.contains("did you mean image-store.count?") })
  }

  @Test(arguments: [
    ("", "is not JSON"), ("{", "is not JSON"), ("[1]", "must be a JSON object"), ("3", "must be a JSON object"),
    (#"{"a": [[1]]}"#, "can't be used"), (String(repeating: "[", count: 100_000), "is not JSON"),
    (String(repeating: " ", count: 2 << 20), "is larger than"),
  ])
  func badFilesAreExplained(_ contents: String, _ expected: String) throws {
    let folder = try TemporaryFolder()
    let path = folder.path("config.json")
    try writeFile(path, contents)
    let found = problems(Self.database, file: path)
    #expect(found.count == 1)
    #expect(found.first?.contains(expected) == true, "\(found)")
    #expect(found.first?.contains(path) == true)
  }

  @Test func missingFileIsExplained() {
    #expect(problems(Self.database, file: "/nowhere/config.json").first?.contains("/nowhere/config.json") == true)
  }

  @Test func reportMasksSecrets() throws {
    var environment = Self.database
    environment["XTBLISH_IMAGE_STORE_KEY"] = "opensesame"
    environment["XTBLISH_REGISTRY_ENDPOINTS"] = "tcp://u:geheim@h:1"
    let report = ConfigurationReport(SampleSettings.self, environment: environment, configurationPath: nil)
    let text = report.text(columns: nil) + report.problems.joined()
    #expect(!report.isValid)
    #expect(!text.contains("hunter2") && !text.contains("opensesame") && !text.contains("geheim"))
    #expect(text.contains("postgresql://app:***@db:5432/xtblish"))
    #expect(report.settings.first { $0.key == "image-store.key" }?.source == "environment XTBLISH_IMAGE_STORE_KEY")
    #expect(report.settings.first { $0.key == "image-store.count" }?.source == "default")
  }

  @Test func reportOfAGoodConfigurationIsValid() {
    let report = ConfigurationReport(SampleSettings.self, environment: Self.database, configurationPath: nil)
    #expect(report.isValid && report.problems.isEmpty)
    for line in report.text(columns: 80).split(separator: "\n") { #expect(line.count <= 80, "\(line)") }
    #expect(report.settings.count == SampleSettings.settingsOfProcess.count)
  }

  @Test(arguments: [
    ("postgresql://u:p@h/d", "postgresql://u:***@h/d"), ("postgresql://u@h/d", "postgresql://u@h/d"),
    ("postgresql://u:p/a:ss@h/d", "postgresql://u:***@h/d"), ("postgresql://u:p@ss@h/d", "postgresql://u:***@h/d"),
    ("http://a:b@h/,http://c:d@i/", "http://a:***@h/,http://c:***@i/"),
    ("postgresql://h/d?user=u&password=p&sslmode=on", "postgresql://h/d?user=u&password=***&sslmode=on"),
    ("host=h password=p dbname=d", "host=h password=*** dbname=d"), ("password='a b' host=h", "password=*** host=h"),
    ("https://h/?access_token=x#f", "https://h/?access_token=***#f"), ("plain text", "plain text"), ("", ""),
    ("http://h/p?x=1", "http://h/p?x=1"),
  ])
  func passwordsAreMasked(_ text: String, _ expected: String) {
    #expect(SecretMask.masking(text) == expected)
  }
}
