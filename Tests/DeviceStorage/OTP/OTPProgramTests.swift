import Foundations
import TestFlash
import TestSupport
import Testing

@testable import DeviceStorage

@Suite(.seated) struct OTPProgramTests {
  static func program(_ change: (inout OTPProgram) -> Void = { _ in }) -> OTPProgram {
    var program = OTPProgram(
      deviceID: DeviceID(bytes: (1...16).map { UInt8($0) })!, publicKeyHash: String(repeating: "a1", count: 32),
      directorKey: String(repeating: "0f", count: 32), rootDocumentHash: String(repeating: "77", count: 32),
      publisherSignatureRequired: true, securityEpoch: 3)
    change(&program)
    return program
  }

  @Test func whatIsProgrammedIsThereAndLocked() throws {
    let bank = InMemoryOTPBank()
    let program = Self.program()
    try program.apply(to: bank)
    let contents = OTPContents(bank.read())
    #expect(contents.deviceID == program.deviceID)
    #expect(contents.publicKeyHash == program.publicKeyHash)
    #expect(contents.directorKey == program.directorKey)
    #expect(contents.rootDocumentHash == program.rootDocumentHash)
    #expect(contents.publisherSignatureRequired && contents.provisioned)
    #expect(contents.securityEpoch == 3)
    #expect(contents.lockedWords == [0, 1] + Array(6...33))
    // All but the epoch is for good.
    try bank.raiseSecurityEpoch(to: 4)
    #expect(throws: OTPError.locked(word: 6)) { try bank.program(.max, word: 6) }
    #expect(throws: OTPError.locked(word: 1)) { try bank.program(4, word: 1) }
  }

  @Test func theSameProgramMayBeSaidAgain() throws {
    let bank = InMemoryOTPBank()
    try Self.program().apply(to: bank)
    let words = bank.read()
    try Self.program().apply(to: bank)
    try Self.program { $0.securityEpoch = 0 }.apply(to: bank)
    #expect(bank.read() == words)
  }

  static let otherPrograms: [(String, OTPProgram)] = [
    ("device ID", program { $0.deviceID = DeviceID.random() }),
    // Fuses that are blown could become it, if they were not locked.
    ("device ID", program { $0.deviceID = DeviceID(bytes: [UInt8](repeating: 0xFF, count: 16))! }),
    ("public key", program { $0.publicKeyHash = String(repeating: "a2", count: 32) }),
    ("director key", program { $0.directorKey = String(repeating: "f0", count: 32) }),
    ("root document", program { $0.rootDocumentHash = String(repeating: "78", count: 32) }),
    ("demand for a publisher's signature", program { $0.publisherSignatureRequired = false }),
  ]

  @Test(arguments: 0..<otherPrograms.count) func anotherProgramIsRefusedAndBlowsNothing(_ index: Int) throws {
    let (field, other) = Self.otherPrograms[index]
    let bank = InMemoryOTPBank()
    try Self.program().apply(to: bank)
    let words = bank.read()
    let error = #expect(throws: OTPError.self) { try other.apply(to: bank) }
    #expect(error == .conflict(field: field))
    #expect(bank.read() == words)
  }

  @Test func aBlankWordThatIsLockedRefusesTheWholeProgram() throws {
    let bank = InMemoryOTPBank()
    try bank.lock(20)
    let words = bank.read()
    #expect(throws: OTPError.locked(word: 20)) { try Self.program().apply(to: bank) }
    #expect(bank.read() == words)
  }

  @Test(arguments: ["", "00", String(repeating: "00", count: 32), "zz", String(repeating: "11", count: 33)])
  func aHashThatIsNoneIsRefused(_ hash: String) throws {
    let bank = InMemoryOTPBank()
    #expect(throws: OTPError.unencodable(field: "public key")) {
      try Self.program { $0.publicKeyHash = hash }.apply(to: bank)
    }
    #expect(bank.read() == OTPWords())
  }

  /// The power fails between any two fuses; the same program then completes what was begun, and nothing says before
  /// that the bank is complete.
  @Test func anInterruptedProgramIsCompletedByTheSame() throws {
    let whole = try PowerCutFlash(base: InMemoryFlash())
    try Self.program().apply(to: FileOTPBank(whole))
    let expected = try FileOTPBank(whole).read()
    // Neighbouring operations are alike; the walk over each of a change's is that of the bank itself.
    for cutAt in stride(from: 1, through: whole.changes, by: 3) {
      for survival in PowerCutTests.survivals.prefix(4) {
        let flash = try PowerCutFlash(base: InMemoryFlash(), cutAt: cutAt)
        try? Self.program().apply(to: FileOTPBank(flash))
        let reborn = try flash.reboot(survival)
        let found = try FileOTPBank(reborn).read()
        if OTPContents(found).provisioned {
          #expect(found[OTPLayout.deviceID] == expected[OTPLayout.deviceID])
          #expect(found[OTPLayout.rootDocumentHash] == expected[OTPLayout.rootDocumentHash])
        }
        try Self.program().apply(to: FileOTPBank(reborn))
        #expect(try FileOTPBank(reborn).read() == expected, "cut at \(cutAt), \(survival)")
      }
    }
  }
}
