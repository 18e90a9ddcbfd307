import FoundationEssentials
import ServiceKit
import SwiftProtobuf
import Wire

/// What `GetStatus` answers.
struct NotifierStatus: Sendable {
  private let instance: String
  private let startedAt = Google_Protobuf_Timestamp(date: Date())
  private let addresses: [String: String]
  private let readiness: Readiness
  private let intake: ReportIntake
  private let notifications: NotificationPublisher

  init(
    instance: String, settings: NotifierSettings, readiness: Readiness, intake: ReportIntake,
    notifications: NotificationPublisher
  ) {
    self.instance = instance
    addresses = ["rpc": settings.rpcListen, "operations": "\(settings.operationsListen)"]
    self.readiness = readiness
    self.intake = intake
    self.notifications = notifications
  }

  func report() async -> WireServiceStatus {
    let findings = await readiness.findings()
    return WireServiceStatus.with { status in
      status.service = NotifierSettings.serviceName
      status.version = XtblishVersion.current
      status.instanceID = instance
      status.startedAt = startedAt
      status.ready = findings.allSatisfy(\.isReady)
      status.dependencies = findings.map { finding in
        WireServiceStatus.Dependency.with {
          $0.name = finding.name
          $0.ready = finding.isReady
          $0.detail = finding.detail
        }
      }
      status.figures = [
        "notifications.published": Double(notifications.publishedCount),
        "notifications.failed": Double(notifications.failedCount),
        "reports.received": Double(intake.receivedReports),
        "reports.waiting": Double(intake.waitingReports),
        "reports.dropped": Double(intake.droppedReports),
        "reports.rejected": Double(intake.rejectedReports),
      ]
      status.addresses = addresses
    }
  }
}
