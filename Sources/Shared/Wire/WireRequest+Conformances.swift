// Every request and its answer, in the order of the .proto files. All are idempotent unless said.

extension WireGetStatus: WireRequest { package typealias Response = WireServiceStatus }

// Registry
/// Idempotent through its key.
extension WireAssignImage: WireRequest { package typealias Response = WireAssignImageResponse }
extension WireCheckAssignment: WireRequest { package typealias Response = WireCheckAssignmentResponse }
extension WireFindFirmware: WireRequest { package typealias Response = WireFirmware }
extension WireListFirmware: WireRequest { package typealias Response = WireListFirmwareResponse }
/// Idempotent only where the caller chose the ID; the Registry's own choice differs each time.
extension WireCreateDevice: WireRequest {
  package typealias Response = WireDevice
  package static var isIdempotent: Bool { false }
}
/// Every device in it has an ID of the caller's choice.
extension WireCreateDevices: WireRequest { package typealias Response = WireCreateDevicesResponse }
extension WireGetDevice: WireRequest { package typealias Response = WireDevice }
extension WireListDevices: WireRequest { package typealias Response = WireListDevicesResponse }
extension WireFindDevices: WireRequest { package typealias Response = WireFoundDevices }
extension WireUpdateDevice: WireRequest { package typealias Response = WireDevice }
/// A repeat answers not-found, which a caller could not tell from a wrong ID.
extension WireDeleteDevice: WireRequest {
  package typealias Response = WireDeleteDeviceResponse
  package static var isIdempotent: Bool { false }
}
extension WireListEvents: WireRequest { package typealias Response = WireListEventsResponse }
extension WireRecordReports: WireRequest { package typealias Response = WireRecordReportsResponse }
extension WireRecordPolledStatus: WireRequest { package typealias Response = WireRecordPolledStatusResponse }
extension WireRenotifyDevice: WireRequest { package typealias Response = WireRenotifyDeviceResponse }
extension WireRetryFirmware: WireRequest { package typealias Response = WireRetryFirmwareResponse }
/// Idempotent through its key.
extension WireRollBackFirmware: WireRequest { package typealias Response = WireRollBackFirmwareResponse }
/// A repeat is a second message.
extension WireSendToApp: WireRequest {
  package typealias Response = WireSendToAppResponse
  package static var isIdempotent: Bool { false }
}
extension WireRecordLogs: WireRequest { package typealias Response = WireRecordLogsResponse }
extension WireListLogs: WireRequest { package typealias Response = WireListLogsResponse }
extension WireRecordCrashes: WireRequest { package typealias Response = WireRecordCrashesResponse }
extension WireListCrashes: WireRequest { package typealias Response = WireListCrashesResponse }
extension WireGetCrash: WireRequest { package typealias Response = WireStoredCrash }
extension WireAuthorizeRequest: WireRequest { package typealias Response = WireAuthorizeRequestResponse }
/// A repeat is a second entry.
extension WireRecordAudit: WireRequest {
  package typealias Response = WireRecordAuditResponse
  package static var isIdempotent: Bool { false }
}
extension WireListAudit: WireRequest { package typealias Response = WireListAuditResponse }
/// Each makes a new token.
extension WireCreateToken: WireRequest {
  package typealias Response = WireCreateTokenResponse
  package static var isIdempotent: Bool { false }
}
extension WireListTokens: WireRequest { package typealias Response = WireListTokensResponse }
extension WireRevokeToken: WireRequest { package typealias Response = WireRevokeTokenResponse }
extension WireDecommissionDevice: WireRequest { package typealias Response = WireDevice }
extension WireRecommissionDevice: WireRequest { package typealias Response = WireDevice }
extension WireGetRootDocument: WireRequest { package typealias Response = WireRootDocument }
extension WirePublishRootDocument: WireRequest { package typealias Response = WireRootDocument }
extension WireCreateDirectorKey: WireRequest { package typealias Response = WireDirectorKey }
extension WireListDirectorKeys: WireRequest { package typealias Response = WireListDirectorKeysResponse }

// Notifier
extension WireNotify: WireRequest { package typealias Response = WireNotifyResponse }
extension WireResendNotification: WireRequest { package typealias Response = WireResendNotificationResponse }
/// A repeat is a second message.
extension WirePublishToApp: WireRequest {
  package typealias Response = WirePublishToAppResponse
  package static var isIdempotent: Bool { false }
}
/// A repeat elsewhere would listen anew, and the messages of a lost answer are gone.
extension WireListenToApp: WireRequest {
  package typealias Response = WireListenToAppResponse
  package static var isIdempotent: Bool { false }
}
extension WireDisconnectDevice: WireRequest { package typealias Response = WireDisconnectDeviceResponse }

// Provisioner
/// Each makes a new claim.
extension WireCreateClaim: WireRequest {
  package typealias Response = WireCreateClaimResponse
  package static var isIdempotent: Bool { false }
}
extension WireListClaims: WireRequest { package typealias Response = WireListClaimsResponse }
extension WireGetClaim: WireRequest { package typealias Response = WireGetClaimResponse }
extension WireRevokeClaim: WireRequest { package typealias Response = WireRevokeClaimResponse }
extension WireEnrollDevice: WireRequest { package typealias Response = WireEnrollDeviceResponse }
/// Each makes a new secret.
extension WireRegisterDevice: WireRequest {
  package typealias Response = WireRegisterDeviceResponse
  package static var isIdempotent: Bool { false }
}
extension WireUnregisterDevice: WireRequest { package typealias Response = WireUnregisterDeviceResponse }
extension WireListEnrolledDevices: WireRequest { package typealias Response = WireListEnrolledDevicesResponse }
/// A repeat would reset the device that enrolled in between.
extension WireResetDevice: WireRequest {
  package typealias Response = WireResetDeviceResponse
  package static var isIdempotent: Bool { false }
}
extension WireAddFactoryCA: WireRequest { package typealias Response = WireFactoryCA }
extension WireListFactoryCAs: WireRequest { package typealias Response = WireListFactoryCAsResponse }
extension WireRemoveFactoryCA: WireRequest { package typealias Response = WireRemoveFactoryCAResponse }
extension WireGetRevocations: WireRequest { package typealias Response = WireRevocations }
extension WireRevokeDevice: WireRequest { package typealias Response = WireRevokeDeviceResponse }
extension WireReinstateDevice: WireRequest { package typealias Response = WireReinstateDeviceResponse }
extension WireFindPollingDevice: WireRequest { package typealias Response = WirePollingDevice }

// Image store
extension WireListImages: WireRequest { package typealias Response = WireListImagesResponse }
extension WireStatImage: WireRequest { package typealias Response = WireStoredImage }
extension WireVerifyImage: WireRequest { package typealias Response = WireVerifyImageResponse }

// Device agent
extension WireGetDeviceStatus: WireRequest { package typealias Response = WireDeviceStatus }
extension WireListSlots: WireRequest { package typealias Response = WireListSlotsResponse }
extension WireReadLog: WireRequest { package typealias Response = WireReadLogResponse }
extension WireListWaitingCrashes: WireRequest { package typealias Response = WireWaitingCrashes }
extension WireSetPin: WireRequest { package typealias Response = WirePins }
extension WireListPins: WireRequest { package typealias Response = WirePins }
extension WireSetSensor: WireRequest { package typealias Response = WireSensors }
extension WireListSensors: WireRequest { package typealias Response = WireSensors }
