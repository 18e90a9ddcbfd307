import Agent
import DeviceProtocol
import TestSupport
import Testing

@testable import DeviceStorage

@Suite(.seated) struct UploadPartsTests {
  @Test(
    arguments: [
      (#"{"log":{"log":"ab","through":7},"crashes":["x"]}"#, 7, ["x"]),
      (#"{"sequences":[1],"log":{"log":"ab","through":7},"later":[[[]]]}"#, 7, []),
      (#"{"log":{"log":"ab","through":-1},"crashes":["x","y"]}"#, nil, ["x", "y"]),
      (#"{"log":7,"crashes":"x"}"#, nil, []),
      (#"{"crashes":[1,null]}"#, nil, []),
      ("[]", nil, []), ("", nil, []), (#"{"crashes":["x"]"#, nil, []), (String(repeating: "[", count: 60_000), nil, []),
      (#"{"crashes":["x"],"a":""# + String(repeating: "a", count: 70_000) + #""}"#, nil, []),
    ] as [(String, UInt64?, Set<String>)])
  func anAcknowledgementIsReadPartByPart(_ json: String, through: UInt64?, crashes: Set<String>) {
    let acknowledgement = AcknowledgementMessage.read(Array(json.utf8))
    #expect(acknowledgement.log?.through == through)
    #expect(Set(acknowledgement.crashes) == crashes)
  }
}
