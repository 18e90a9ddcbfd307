import Foundation
import TestSupport
import Testing

@testable import DeviceStorage

/// What every bank of fuses does.
@Suite(.seated) struct OTPBankConformanceTests {
  enum Kind: CaseIterable { case memory, file, nvmem }

  /// A bank, and a second view of the same fuses, as a later start has it. The folder lives as long as they are used.
  struct Bench {
    let bank: any OTPBank
    let again: any OTPBank
    let folder: TemporaryFolder
  }

  static func make(_ kind: Kind) throws -> Bench {
    let folder = try TemporaryFolder("xtblish-otp")
    switch kind {
    case .memory:
      let bank = InMemoryOTPBank()
      return Bench(bank: bank, again: bank, folder: folder)
    case .file:
      let flash = try DirectoryFlash(directory: folder.path("flash"))
      return Bench(bank: FileOTPBank(flash), again: FileOTPBank(flash), folder: folder)
    case .nvmem:
      // As a driver offers it: a file of fixed size, with what is not ours around the bank.
      let path = folder.path("nvmem")
      let content =
        Data(repeating: 0xA5, count: 64) + Data(count: OTPLayout.byteCount) + Data(repeating: 0xA5, count: 8)
      try content.write(to: URL(fileURLWithPath: path))
      return Bench(
        bank: NVMEMOTPBank(path: path, offset: 64), again: NVMEMOTPBank(path: path, offset: 64), folder: folder)
    }
  }

  @Test(arguments: Kind.allCases) func aNewBankIsBlank(_ kind: Kind) throws {
    let bench = try Self.make(kind)
    #expect(try bench.bank.read() == OTPWords())
    let contents = OTPContents(try bench.bank.read())
    #expect(contents.deviceID == nil && !contents.provisioned && contents.securityEpoch == 0)
  }

  @Test(arguments: Kind.allCases) func whatIsBlownStays(_ kind: Kind) throws {
    let bench = try Self.make(kind)
    try bench.bank.program(0b0101, word: 7)
    try bench.bank.program(0b0011, word: 7)
    try bench.bank.program(0x8000_0000, word: 33)
    #expect(try bench.again.read()[7] == 0b0111)
    #expect(try bench.again.read()[33] == 0x8000_0000)
    #expect(try bench.again.read()[8] == 0)
  }

  @Test(arguments: Kind.allCases) func aFuseCannotBeMended(_ kind: Kind) throws {
    let bench = try Self.make(kind)
    try bench.bank.program(.max, word: 9)
    // There is no call that clears; programming zeros is the nearest.
    try bench.bank.program(0, word: 9)
    try bench.again.program(1, word: 9)
    #expect(try bench.again.read()[9] == .max)
  }

  @Test(arguments: Kind.allCases) func aLockedWordIsRefused(_ kind: Kind) throws {
    let bench = try Self.make(kind)
    try bench.bank.program(1, word: 6)
    try bench.bank.lock(6)
    #expect(#expect(throws: OTPError.self) { try bench.bank.program(2, word: 6) } == .locked(word: 6))
    #expect(#expect(throws: OTPError.self) { try bench.again.program(3, word: 6) } == .locked(word: 6))
    // What it holds may be said again, and its neighbours are free.
    try bench.again.program(1, word: 6)
    try bench.again.lock(6)
    try bench.again.program(1, word: 5)
    #expect(try bench.bank.read()[6] == 1)
    #expect(try bench.bank.read().lockedWords == [6])
  }

  @Test(arguments: Kind.allCases) func everyWordHasALockOfItsOwn(_ kind: Kind) throws {
    let bench = try Self.make(kind)
    let words = 0..<OTPLayout.locks.lowerBound
    for word in words where word % 2 == 1 { try bench.bank.lock(word) }
    for word in words {
      if word % 2 == 1 {
        #expect(throws: OTPError.locked(word: word)) { try bench.bank.program(1, word: word) }
      } else {
        try bench.bank.program(1, word: word)
      }
    }
  }

  @Test(arguments: Kind.allCases, [-1, 34, 35, 36, 1_000]) func otherWordsAreRefused(_ kind: Kind, _ word: Int) throws {
    let bench = try Self.make(kind)
    #expect(throws: OTPError.noSuchWord(word)) { try bench.bank.program(1, word: word) }
    #expect(throws: OTPError.noSuchWord(word)) { try bench.bank.lock(word) }
    #expect(try bench.again.read() == OTPWords())
  }

  @Test(arguments: Kind.allCases) func theEpochIsAThermometer(_ kind: Kind) throws {
    let bench = try Self.make(kind)
    for epoch in [1, 31, 32, 33, 128] as [UInt32] {
      #expect(try bench.bank.raiseSecurityEpoch(to: epoch) == epoch)
      // It does not fall, and a jump fills what is below it.
      #expect(try bench.again.raiseSecurityEpoch(to: epoch - 1) == epoch)
      let blown = OTPLayout.securityEpoch.reduce(0) { $0 + (try! bench.again.read()[$1].nonzeroBitCount) }
      #expect(blown == Int(epoch))
    }
    #expect(try bench.bank.raiseSecurityEpoch(to: .max) == 128)
  }
}

@Suite(.seated) struct NVMEMOTPBankTests {
  @Test func onlyTheWordThatChangesIsWritten() throws {
    let bench = try OTPBankConformanceTests.make(.nvmem)
    try bench.bank.program(0x0102_0304, word: 0)
    let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: bench.folder.path("nvmem"))))
    #expect(bytes.prefix(64).allSatisfy { $0 == 0xA5 } && bytes.suffix(8).allSatisfy { $0 == 0xA5 })
    #expect(Array(bytes[64..<68]) == [4, 3, 2, 1])
    #expect(bytes[68..<64 + OTPLayout.byteCount].allSatisfy { $0 == 0 })
  }

  @Test func aMissingOrShortFileIsTold() throws {
    let folder = try TemporaryFolder("xtblish-otp")
    let missing = NVMEMOTPBank(path: folder.path("none"))
    let error = #expect(throws: OTPError.self) { try missing.read() }
    #expect(error.map { "\($0)".contains(folder.path("none")) } == true)
    try writeFile(folder.path("short"), "1234")
    let short = #expect(throws: OTPError.self) { try NVMEMOTPBank(path: folder.path("short")).read() }
    #expect(short.map { "\($0)".contains("too early") } == true)
  }

  /// A driver that takes the write and blows nothing, as without programming voltage.
  @Test func aFuseThatDoesNotBlowIsTold() throws {
    let bank = NVMEMOTPBank(path: "/dev/zero")
    #expect(throws: OTPError.notTaken(word: 3)) { try bank.program(1, word: 3) }
  }
}
