import ArgumentParser
import FirmwareImage
import RegistryClient
import ServiceKit

/// Who a new root document is to name.
struct PublisherOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The public key of a publisher (its file ends in .pub); several are possible.", valueName: "file"))
  var addPublisher: [String] = []

  @Option(
    help: ArgumentHelp(
      "The name of an app that the added publishers may sign, or '*'; several are possible.", valueName: "name"))
  var app: [String] = []

  @Option(help: ArgumentHelp("For how long the document is good, such as 12h or 365d.", valueName: "time"))
  var expires = "365d"

  private static let lifetime = SettingType.duration(.seconds(1)...(.seconds(20 * 365 * 86_400)))

  func validate() throws {
    guard (try? Self.lifetime.parse(expires)) != nil else {
      throw ValidationError("--expires must be \(Self.lifetime.expected)")
    }
  }

  func changes() throws -> RootChanges {
    var changes = RootChanges()
    changes.addedPublishers = try addPublisher.map { path in try SigningKeyFile.readPublic(path) }
    changes.apps = app
    changes.lifetimeSeconds = try Self.lifetime.parse(expires).components.seconds
    return changes
  }
}

/// What a root document is to have otherwise than the newest.
struct RootChangeOptions: ParsableArguments {
  @OptionGroup var publishers: PublisherOptions

  @Option(help: ArgumentHelp("The ID of a publisher's key that is to go.", valueName: "key ID"))
  var removePublisher: [String] = []

  @Option(help: ArgumentHelp("The public key of a new root key.", valueName: "file"))
  var addRootKey: [String] = []

  @Option(help: ArgumentHelp("The ID of a root key that is to go.", valueName: "key ID"))
  var removeRootKey: [String] = []

  @Option(
    help: ArgumentHelp(
      "The ID of a director's key that is to go: what it signed is taken no more.", valueName: "key ID"))
  var removeDirector: [String] = []

  @Option(help: "How many root keys must sign.")
  var threshold: Int?

  func changes() throws -> RootChanges {
    var changes = try publishers.changes()
    changes.removedPublishers = removePublisher
    changes.addedRootKeys = try addRootKey.map { path in try SigningKeyFile.readPublic(path) }
    changes.removedRootKeys = removeRootKey
    changes.removedDirectors = removeDirector
    changes.threshold = threshold
    return changes
  }
}
