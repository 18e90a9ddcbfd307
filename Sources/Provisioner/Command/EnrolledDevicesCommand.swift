import ArgumentParser
import ProvisionerClient
import ServiceKit

struct EnrolledDevicesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices", abstract: "Devices that enrolled, and those that may without a claim.",
    subcommands: [
      RegisterDeviceCommand.self, UnregisterDeviceCommand.self, ListEnrolledDevicesCommand.self,
      ResetDeviceCommand.self,
    ])
}

struct RegisterDeviceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "register", abstract: "Let one device enrol without a claim, by its key or a secret of its own.",
    discussion: "The secret is printed this once. The device presents it in the place of a claim.")

  @OptionGroup var options: AdminOptions

  @Argument(help: "The serial number that it will name.")
  var serial: String

  @Option(
    help: ArgumentHelp(
      "SHA-256 of its SubjectPublicKeyInfo in DER, where its key is known. Otherwise a secret is made.",
      valueName: "hex"))
  var publicKeyHash: String?

  @Option(help: "What kind of device it is: serial numbers are told apart by it.")
  var product = ""

  @Option(help: "The group that it joins.")
  var group = ""

  @Option(help: ArgumentHelp("Given to the device; may be repeated.", valueName: "tag"))
  var tag: [String] = []

  @Option(help: "Its name; otherwise the serial number.")
  var name = ""

  @Flag(help: "Print the secret and nothing else.")
  var quiet = false

  func validate() throws {
    if quiet && options.json { throw ValidationError("--quiet and --json exclude each other") }
  }

  func run() async throws {
    try await runAdmin {
      try StandardOutput.requireRoom()
      let secret = try await options.withClient(of: Provisioner.self) { client in
        try await DeviceAdministration(client, deadline: options.deadline).register(
          serial: serial, publicKeyHash: publicKeyHash, product: product, group: group, tags: tag, name: name)
      }
      let text =
        if quiet {
          "\(secret ?? "")\n"
        } else if options.json {
          try jsonText(["serial": serial, "secret": secret])
        } else if let secret {
          """
          registered \(serial); its secret: \(secret)
          It is not shown again. On the device: xtblish-device enroll, with the secret in XTBLISH_CLAIM.

          """
        } else {
          "registered \(serial); it enrols with its key, without a claim\n"
        }
      try StandardOutput.deliver(
        text,
        orElse: "the device is registered. Take that back with: xtblish-provisioner devices unregister \(serial)")
    }
  }
}

struct UnregisterDeviceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "unregister", abstract: "Take back the permission to enrol without a claim.",
    discussion: "A device that has enrolled stays.")

  @OptionGroup var options: AdminOptions

  @Argument(help: "The serial number.")
  var serial: String

  @Option(help: "Its product.")
  var product = ""

  func run() async throws {
    try await runAdmin {
      let removed = try await options.withClient(of: Provisioner.self) { client in
        try await DeviceAdministration(client, deadline: options.deadline).unregister(serial: serial, product: product)
      }
      if options.json {
        try printJSON(["removed": removed])
      } else {
        print(removed ? "\(serial) is registered no more" : "\(serial) was not registered")
      }
    }
  }
}

struct ListEnrolledDevicesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List devices, newest first.")

  @OptionGroup var options: AdminOptions

  @Flag(help: "Only those whose fuses hold something else than they were told to burn.")
  var flagged = false

  @Option(help: "Only those with that serial number.")
  var serial: String?

  @OptionGroup var list: ListOptions

  func run() async throws {
    try await runAdmin {
      let most = list.most(json: options.json)
      let (devices, hasMore) = try await options.withClient(of: Provisioner.self) { client in
        try await DeviceAdministration(client, deadline: options.deadline).list(
          flagged: flagged, serial: serial, limit: most)
      }
      if options.json {
        try printJSON(devices)
      } else {
        StandardOutput.write(EnrolledDeviceDocument.table(devices, columns: list.table.columns))
      }
      list.tell(hasMore: hasMore)
    }
  }
}

struct ResetDeviceCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reset", abstract: "Let another board, or one that lost its key, enrol under a serial number.",
    discussion: """
      It becomes a new device with a new key. The device that had the serial number loses its certificate at once; at \
      the Registry it stays, with its history. For the same board with the same key there is \
      xtblish-registry devices recommission instead.
      """)

  @OptionGroup var options: AdminOptions
  @OptionGroup var confirmation: ConfirmationOptions

  @Argument(help: "The serial number.")
  var serial: String

  @Option(help: "Its product.")
  var product = ""

  func run() async throws {
    try await runAdmin {
      try confirmation.confirm(
        "The board that has serial number \(serial) loses its certificates, and another may enrol in its place.",
        name: serial)
      let device = try await options.withClient(of: Provisioner.self) { client in
        try await DeviceAdministration(client, deadline: options.deadline).reset(serial: serial, product: product)
      }
      if options.json {
        try printJSON(["device": device])
      } else {
        print("\(serial) may enrol anew; device \(device) is no more")
      }
    }
  }
}
