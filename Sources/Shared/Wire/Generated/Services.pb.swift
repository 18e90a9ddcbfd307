// Written by Sources/Shared/Wire/Protocols/generate from the services in the .proto files; don't edit.

// Registry

/// Idempotent through its key.
extension WireAssignImage: WireRequest {
  package typealias Response = WireAssignImageResponse
  package static var callers: BusRoles { [.imageStore] }
  package static var isIdempotent: Bool { true }
}

extension WireCheckAssignment: WireRequest {
  package typealias Response = WireCheckAssignmentResponse
  package static var callers: BusRoles { [.imageStore] }
  package static var isIdempotent: Bool { true }
}

extension WireFindFirmware: WireRequest {
  package typealias Response = WireFirmware
  package static var callers: BusRoles { [.imageStore, .operator] }
  package static var isIdempotent: Bool { true }
}

extension WireListFirmware: WireRequest {
  package typealias Response = WireListFirmwareResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

/// Idempotent only where the caller chose the ID; the Registry's own choice differs each time.
extension WireCreateDevice: WireRequest {
  package typealias Response = WireDevice
  package static var callers: BusRoles { [.provisioner, .operator] }
  package static var isIdempotent: Bool { false }
}

/// Every device in it has an ID of the caller's choice.
extension WireCreateDevices: WireRequest {
  package typealias Response = WireCreateDevicesResponse
  package static var callers: BusRoles { [.provisioner] }
  package static var isIdempotent: Bool { true }
}

extension WireGetDevice: WireRequest {
  package typealias Response = WireDevice
  package static var callers: BusRoles { [.imageStore, .operator] }
  package static var isIdempotent: Bool { true }
}

extension WireListDevices: WireRequest {
  package typealias Response = WireListDevicesResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireFindDevices: WireRequest {
  package typealias Response = WireFoundDevices
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireUpdateDevice: WireRequest {
  package typealias Response = WireDevice
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

/// A repeat answers not-found, which a caller could not tell from a wrong ID.
extension WireDeleteDevice: WireRequest {
  package typealias Response = WireDeleteDeviceResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { false }
}

extension WireListEvents: WireRequest {
  package typealias Response = WireListEventsResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireRecordReports: WireRequest {
  package typealias Response = WireRecordReportsResponse
  package static var callers: BusRoles { [.notifier] }
  package static var isIdempotent: Bool { true }
}

extension WireRecordPolledStatus: WireRequest {
  package typealias Response = WireRecordPolledStatusResponse
  package static var callers: BusRoles { [.imageStore] }
  package static var isIdempotent: Bool { true }
}

extension WireRenotifyDevice: WireRequest {
  package typealias Response = WireRenotifyDeviceResponse
  package static var callers: BusRoles { [.notifier, .operator] }
  package static var isIdempotent: Bool { true }
}

extension WireRetryFirmware: WireRequest {
  package typealias Response = WireRetryFirmwareResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

/// Idempotent through its key.
extension WireRollBackFirmware: WireRequest {
  package typealias Response = WireRollBackFirmwareResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireGetDeploymentTrace: WireRequest {
  package typealias Response = WireDeploymentTrace
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

/// A repeat is a second message.
extension WireSendToApp: WireRequest {
  package typealias Response = WireSendToAppResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { false }
}

extension WireRecordLogs: WireRequest {
  package typealias Response = WireRecordLogsResponse
  package static var callers: BusRoles { [.notifier] }
  package static var isIdempotent: Bool { true }
}

extension WireListLogs: WireRequest {
  package typealias Response = WireListLogsResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireRecordCrashes: WireRequest {
  package typealias Response = WireRecordCrashesResponse
  package static var callers: BusRoles { [.notifier] }
  package static var isIdempotent: Bool { true }
}

extension WireListCrashes: WireRequest {
  package typealias Response = WireListCrashesResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireGetCrash: WireRequest {
  package typealias Response = WireStoredCrash
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireAuthorizeRequest: WireRequest {
  package typealias Response = WireAuthorizeRequestResponse
  package static var callers: BusRoles { [.provisioner, .imageStore] }
  package static var isIdempotent: Bool { true }
}

/// A repeat is a second entry.
extension WireRecordAudit: WireRequest {
  package typealias Response = WireRecordAuditResponse
  package static var callers: BusRoles { [.provisioner, .imageStore, .notifier] }
  package static var isIdempotent: Bool { false }
}

extension WireListAudit: WireRequest {
  package typealias Response = WireListAuditResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

/// Each makes a new token.
extension WireCreateToken: WireRequest {
  package typealias Response = WireCreateTokenResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { false }
}

extension WireListTokens: WireRequest {
  package typealias Response = WireListTokensResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireRevokeToken: WireRequest {
  package typealias Response = WireRevokeTokenResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireDecommissionDevice: WireRequest {
  package typealias Response = WireDevice
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireRecommissionDevice: WireRequest {
  package typealias Response = WireDevice
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireGetRootDocument: WireRequest {
  package typealias Response = WireRootDocument
  package static var callers: BusRoles { [.provisioner, .imageStore, .operator] }
  package static var isIdempotent: Bool { true }
}

extension WirePublishRootDocument: WireRequest {
  package typealias Response = WireRootDocument
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireCreateDirectorKey: WireRequest {
  package typealias Response = WireDirectorKey
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireListDirectorKeys: WireRequest {
  package typealias Response = WireListDirectorKeysResponse
  package static var callers: BusRoles { [.provisioner, .operator] }
  package static var isIdempotent: Bool { true }
}

// Provisioner

/// Each makes a new claim.
extension WireCreateClaim: WireRequest {
  package typealias Response = WireCreateClaimResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { false }
}

extension WireListClaims: WireRequest {
  package typealias Response = WireListClaimsResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireGetClaim: WireRequest {
  package typealias Response = WireGetClaimResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireRevokeClaim: WireRequest {
  package typealias Response = WireRevokeClaimResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireEnrollDevice: WireRequest {
  package typealias Response = WireEnrollDeviceResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

/// Each makes a new secret.
extension WireRegisterDevice: WireRequest {
  package typealias Response = WireRegisterDeviceResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { false }
}

extension WireUnregisterDevice: WireRequest {
  package typealias Response = WireUnregisterDeviceResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireListEnrolledDevices: WireRequest {
  package typealias Response = WireListEnrolledDevicesResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

/// A repeat would reset the device that enrolled in between.
extension WireResetDevice: WireRequest {
  package typealias Response = WireResetDeviceResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { false }
}

extension WireAddFactoryCA: WireRequest {
  package typealias Response = WireFactoryCA
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireListFactoryCAs: WireRequest {
  package typealias Response = WireListFactoryCAsResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireRemoveFactoryCA: WireRequest {
  package typealias Response = WireRemoveFactoryCAResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireGetRevocations: WireRequest {
  package typealias Response = WireRevocations
  package static var callers: BusRoles { [.registry, .provisioner, .imageStore, .notifier, .operator] }
  package static var isIdempotent: Bool { true }
}

extension WireRevokeDevice: WireRequest {
  package typealias Response = WireRevokeDeviceResponse
  package static var callers: BusRoles { [.registry, .operator] }
  package static var isIdempotent: Bool { true }
}

extension WireReinstateDevice: WireRequest {
  package typealias Response = WireReinstateDeviceResponse
  package static var callers: BusRoles { [.registry, .operator] }
  package static var isIdempotent: Bool { true }
}

extension WireFindPollingDevice: WireRequest {
  package typealias Response = WirePollingDevice
  package static var callers: BusRoles { [.imageStore] }
  package static var isIdempotent: Bool { true }
}

// ImageStore

extension WireListImages: WireRequest {
  package typealias Response = WireListImagesResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireStatImage: WireRequest {
  package typealias Response = WireStoredImage
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireVerifyImage: WireRequest {
  package typealias Response = WireVerifyImageResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

// Notifier

extension WireNotify: WireRequest {
  package typealias Response = WireNotifyResponse
  package static var callers: BusRoles { [.registry] }
  package static var isIdempotent: Bool { true }
}

extension WireResendNotification: WireRequest {
  package typealias Response = WireResendNotificationResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

/// A repeat is a second message.
extension WirePublishToApp: WireRequest {
  package typealias Response = WirePublishToAppResponse
  package static var callers: BusRoles { [.registry] }
  package static var isIdempotent: Bool { false }
}

/// A repeat elsewhere would listen anew, and the messages of a lost answer are gone.
extension WireListenToApp: WireRequest {
  package typealias Response = WireListenToAppResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { false }
}

extension WireDisconnectDevice: WireRequest {
  package typealias Response = WireDisconnectDeviceResponse
  package static var callers: BusRoles { [.provisioner] }
  package static var isIdempotent: Bool { true }
}

// Service

extension WireGetStatus: WireRequest {
  package typealias Response = WireServiceStatus
  package static var callers: BusRoles { [.registry, .provisioner, .imageStore, .notifier, .operator, .monitor] }
  package static var isIdempotent: Bool { true }
}

// DeviceAgent

extension WireGetDeviceStatus: WireRequest {
  package typealias Response = WireDeviceStatus
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireListSlots: WireRequest {
  package typealias Response = WireListSlotsResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireReadLog: WireRequest {
  package typealias Response = WireReadLogResponse
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireListWaitingCrashes: WireRequest {
  package typealias Response = WireWaitingCrashes
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireSetPin: WireRequest {
  package typealias Response = WirePins
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireListPins: WireRequest {
  package typealias Response = WirePins
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireSetSensor: WireRequest {
  package typealias Response = WireSensors
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

extension WireListSensors: WireRequest {
  package typealias Response = WireSensors
  package static var callers: BusRoles { [.operator] }
  package static var isIdempotent: Bool { true }
}

/// The kinds of request that each service declares, by their full names.
package enum DeclaredRequests {
  package static let registry: Set<String> = [
    "xtblish.v1.AssignImage",
    "xtblish.v1.CheckAssignment",
    "xtblish.v1.FindFirmware",
    "xtblish.v1.ListFirmware",
    "xtblish.v1.CreateDevice",
    "xtblish.v1.CreateDevices",
    "xtblish.v1.GetDevice",
    "xtblish.v1.ListDevices",
    "xtblish.v1.FindDevices",
    "xtblish.v1.UpdateDevice",
    "xtblish.v1.DeleteDevice",
    "xtblish.v1.ListEvents",
    "xtblish.v1.RecordReports",
    "xtblish.v1.RecordPolledStatus",
    "xtblish.v1.RenotifyDevice",
    "xtblish.v1.RetryFirmware",
    "xtblish.v1.RollBackFirmware",
    "xtblish.v1.GetDeploymentTrace",
    "xtblish.v1.SendToApp",
    "xtblish.v1.RecordLogs",
    "xtblish.v1.ListLogs",
    "xtblish.v1.RecordCrashes",
    "xtblish.v1.ListCrashes",
    "xtblish.v1.GetCrash",
    "xtblish.v1.AuthorizeRequest",
    "xtblish.v1.RecordAudit",
    "xtblish.v1.ListAudit",
    "xtblish.v1.CreateToken",
    "xtblish.v1.ListTokens",
    "xtblish.v1.RevokeToken",
    "xtblish.v1.DecommissionDevice",
    "xtblish.v1.RecommissionDevice",
    "xtblish.v1.GetRootDocument",
    "xtblish.v1.PublishRootDocument",
    "xtblish.v1.CreateDirectorKey",
    "xtblish.v1.ListDirectorKeys",
  ]
  package static let provisioner: Set<String> = [
    "xtblish.v1.CreateClaim",
    "xtblish.v1.ListClaims",
    "xtblish.v1.GetClaim",
    "xtblish.v1.RevokeClaim",
    "xtblish.v1.EnrollDevice",
    "xtblish.v1.RegisterDevice",
    "xtblish.v1.UnregisterDevice",
    "xtblish.v1.ListEnrolledDevices",
    "xtblish.v1.ResetDevice",
    "xtblish.v1.AddFactoryCA",
    "xtblish.v1.ListFactoryCAs",
    "xtblish.v1.RemoveFactoryCA",
    "xtblish.v1.GetRevocations",
    "xtblish.v1.RevokeDevice",
    "xtblish.v1.ReinstateDevice",
    "xtblish.v1.FindPollingDevice",
  ]
  package static let imageStore: Set<String> = [
    "xtblish.v1.ListImages",
    "xtblish.v1.StatImage",
    "xtblish.v1.VerifyImage",
  ]
  package static let notifier: Set<String> = [
    "xtblish.v1.Notify",
    "xtblish.v1.ResendNotification",
    "xtblish.v1.PublishToApp",
    "xtblish.v1.ListenToApp",
    "xtblish.v1.DisconnectDevice",
  ]
  package static let service: Set<String> = [
    "xtblish.v1.GetStatus",
  ]
  package static let deviceAgent: Set<String> = [
    "xtblish.v1.GetDeviceStatus",
    "xtblish.v1.ListSlots",
    "xtblish.v1.ReadLog",
    "xtblish.v1.ListWaitingCrashes",
    "xtblish.v1.SetPin",
    "xtblish.v1.ListPins",
    "xtblish.v1.SetSensor",
    "xtblish.v1.ListSensors",
  ]

  /// The messages themselves, in that order.
  package static let all: [any WireRequest.Type] = [
    WireAssignImage.self,
    WireCheckAssignment.self,
    WireFindFirmware.self,
    WireListFirmware.self,
    WireCreateDevice.self,
    WireCreateDevices.self,
    WireGetDevice.self,
    WireListDevices.self,
    WireFindDevices.self,
    WireUpdateDevice.self,
    WireDeleteDevice.self,
    WireListEvents.self,
    WireRecordReports.self,
    WireRecordPolledStatus.self,
    WireRenotifyDevice.self,
    WireRetryFirmware.self,
    WireRollBackFirmware.self,
    WireGetDeploymentTrace.self,
    WireSendToApp.self,
    WireRecordLogs.self,
    WireListLogs.self,
    WireRecordCrashes.self,
    WireListCrashes.self,
    WireGetCrash.self,
    WireAuthorizeRequest.self,
    WireRecordAudit.self,
    WireListAudit.self,
    WireCreateToken.self,
    WireListTokens.self,
    WireRevokeToken.self,
    WireDecommissionDevice.self,
    WireRecommissionDevice.self,
    WireGetRootDocument.self,
    WirePublishRootDocument.self,
    WireCreateDirectorKey.self,
    WireListDirectorKeys.self,
    WireCreateClaim.self,
    WireListClaims.self,
    WireGetClaim.self,
    WireRevokeClaim.self,
    WireEnrollDevice.self,
    WireRegisterDevice.self,
    WireUnregisterDevice.self,
    WireListEnrolledDevices.self,
    WireResetDevice.self,
    WireAddFactoryCA.self,
    WireListFactoryCAs.self,
    WireRemoveFactoryCA.self,
    WireGetRevocations.self,
    WireRevokeDevice.self,
    WireReinstateDevice.self,
    WireFindPollingDevice.self,
    WireListImages.self,
    WireStatImage.self,
    WireVerifyImage.self,
    WireNotify.self,
    WireResendNotification.self,
    WirePublishToApp.self,
    WireListenToApp.self,
    WireDisconnectDevice.self,
    WireGetStatus.self,
    WireGetDeviceStatus.self,
    WireListSlots.self,
    WireReadLog.self,
    WireListWaitingCrashes.self,
    WireSetPin.self,
    WireListPins.self,
    WireSetSensor.self,
    WireListSensors.self,
  ]
}
