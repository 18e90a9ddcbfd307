import ArgumentParser
import ProvisionerClient
import ServiceKit

struct RevokeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "revoke", abstract: "Take a device's certificates back, for good, and end its session.")

  @OptionGroup var options: AdminOptions
  @OptionGroup var confirmation: ConfirmationOptions

  @Argument(help: .device, completion: DeviceCompletion.kind)
  var id: String

  @Option(help: "Why; kept with the record.")
  var reason: String

  func run() async throws {
    try await runAdmin {
      let device = try await options.device(id)
      try confirmation.confirm(
        "Device \(device.label) loses its certificates and its session, and gets no others until it is recommissioned.",
        device: device)
      let isNew = try await options.withClient(of: Provisioner.self) { client in
        try await RevocationAdministration(client, deadline: options.deadline).revoke(device.uuid, reason: reason)
      }
      if options.json {
        try printJSON(["revoked": isNew])
      } else {
        print(isNew ? "revoked" : "revoked; it had no certificate that was still good")
      }
    }
  }
}
