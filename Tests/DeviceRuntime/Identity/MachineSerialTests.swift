import TestSupport
import Testing

@testable import DeviceCredentials
@testable import Foundations

@Suite(.seated) struct MachineSerialTests {
  @Test(arguments: [
    "0123456789", "00000000", "To be filled by O.E.M.", "Default string", "None", "System Serial Number",
    "Not Specified", "123456789", "xxxxxxxx", "",
  ])
  func whatMakersLeaveInThePlaceOfASerialNumberIsNone(_ text: String) {
    #expect(!MachineSerial.isUsable(text))
  }

  @Test(arguments: ["10000000a1b2c3d4", "C02XK0AAJGH5", "4f9d7c2e8a7b4c1d9e0f112233445566"])
  func whatTellsOneBoardFromOthersIsTaken(_ text: String) {
    #expect(MachineSerial.isUsable(text))
  }
}
