import DeviceEnrolment
import Foundation
import Foundations
import Messaging
import ProvisionerDomain
import ProvisionerStorage
import Wire

extension ProvisionerRPC {
  func registerDevices(on router: inout RPCRouter) {
    router.handle(WireRegisterDevice.self) { request, context in
      let new = try NewRegistration(
        serial: request.serial, publicKeyHash: request.publicKeyHash, product: request.product, group: request.group,
        tags: request.tags, name: request.name)
      return try await audit.recording(context, "register-device", "serial:\(request.serial)") {
        var response = WireRegisterDeviceResponse()
        if let secret = try await devices.register(new) { response.secret = try claimTexts.text(of: secret) }
        return response
      }
    }
    router.handle(WireUnregisterDevice.self) { request, context in
      let (serial, product) = (try EnrolmentFieldRules.serial(request.serial), try Self.product(request.product))
      return try await audit.recording(context, "unregister-device", "serial:\(serial)") {
        var response = WireUnregisterDeviceResponse()
        response.removed = try await devices.unregister(serial: serial, product: product)
        return response
      }
    }
    router.handle(WireListEnrolledDevices.self) { request, _ in
      let page = try await devices.list(
        flagged: request.flagged, serial: request.serial.isEmpty ? nil : EnrolmentFieldRules.serial(request.serial),
        after: request.cursor.isEmpty ? nil : ListCursor(request.cursor),
        limit: EnrolmentFieldRules.pageSize(request.pageSize))
      var response = WireListEnrolledDevicesResponse()
      response.devices = page.devices.map { WireEnrolledDevice($0) }
      response.nextCursor = page.next?.text ?? ""
      return response
    }
    router.handle(WireResetDevice.self) { request, context in
      let (serial, product) = (try EnrolmentFieldRules.serial(request.serial), try Self.product(request.product))
      return try await audit.recording(context, "reset-device", "serial:\(serial)") {
        let device = try await devices.reset(
          serial: serial, product: product, requester: OperatorAudit.name(of: context.peer))
        var response = WireResetDeviceResponse()
        response.deviceID = Data(device.bytes)
        return response
      }
    }
  }

  func registerReinstatement(on router: inout RPCRouter) {
    router.handle(WireReinstateDevice.self) { request, context in
      guard let device = DeviceID(bytes: request.deviceID) else {
        throw RequestFailure(field: "device-id", "has \(request.deviceID.count) bytes: a device's ID has 16")
      }
      return try await audit.recording(context, "reinstate-device", "device:\(device)") {
        var response = WireReinstateDeviceResponse()
        response.reinstated = try await devices.reinstate(device)
        return response
      }
    }
  }

  func registerFactories(on router: inout RPCRouter) {
    router.handle(WireAddFactoryCA.self) { request, context in
      let target = request.product.isEmpty ? "" : "product:\(request.product)"
      return try await audit.recording(context, "add-factory-ca", target) {
        WireFactoryCA(
          try await factories.add(
            certificate: request.certificate,
            placement: DevicePlacement(product: request.product, group: request.group, tags: request.tags),
            namePrefix: request.namePrefix))
      }
    }
    router.handle(WireListFactoryCAs.self) { _, _ in
      var response = WireListFactoryCAsResponse()
      response.authorities = try await factories.list().map { WireFactoryCA($0) }
      return response
    }
    router.handle(WireRemoveFactoryCA.self) { request, context in
      guard request.id.count == 32 else {
        throw RequestFailure(field: "id", "has \(request.id.count) bytes: a factory CA's has 32")
      }
      return try await audit.recording(context, "remove-factory-ca", "factory-ca:\(Hexadecimal.encode(request.id))") {
        var response = WireRemoveFactoryCAResponse()
        response.removed = try await factories.remove(Array(request.id))
        return response
      }
    }
  }

  private static func product(_ text: String) throws(RequestFailure) -> String {
    try FieldText.printable(text, field: "product", length: 0...EnrolmentFieldRules.productLength)
  }
}
