import DeviceProtocol
import FoundationEssentials
import Foundations
import ProvisionerDomain

/// The body of `POST /v1/enroll`.
struct EnrollDocument: Decodable, Sendable {
  private typealias Field = EnrolmentRequestMember

  let request: EnrolmentRequest

  init(from decoder: any Decoder) throws {
    try AnyField.refuseOthers(than: Field.allCases.map(\.rawValue), decoder)
    let fields = try decoder.container(keyedBy: Field.self)
    let certificates = try fields.decodeIfPresent(String.self, forKey: .factoryCertificate)
    let signature = try fields.decodeIfPresent(Data.self, forKey: .factorySignature)
    guard (certificates == nil) == (signature == nil) else {
      throw DecodingError.dataCorruptedError(
        forKey: .factorySignature, in: fields, debugDescription: "it goes with factoryCertificate: give both or neither"
      )
    }
    request = EnrolmentRequest(
      claim: try fields.decodeIfPresent(String.self, forKey: .claim) ?? "",
      serial: try fields.decodeIfPresent(String.self, forKey: .serial) ?? "",
      certificateRequest: Array(try fields.decodeIfPresent(Data.self, forKey: .certificateRequest) ?? Data()),
      isPollingOnly: try fields.decodeIfPresent(Bool.self, forKey: .pollingOnly) ?? false,
      factoryProof: certificates.map { FactoryProof(certificates: $0, signature: Array(signature ?? Data())) })
  }
}
