import Curl
import FirmwareImage
import Foundation
import Foundations
import OpenSSL
import TestFlash
import TestSupport
import Testing

@testable import DeviceBoard
@testable import DeviceCredentials
@testable import DeviceStorage

@Suite(.seated, .timeLimit(.minutes(10))) struct EnrolmentInstallationTests {
  /// What a Provisioner would answer, for a given key.
  struct Answers: Sendable {
    let pki: TestPKI
    let signers: TestSigners
    let device = DeviceID.random()

    init() throws {
      pki = try TestPKI()
      signers = try TestSigners()
    }

    func answer(
      for key: P256.PublicKey, _ change: (inout [String: Any]) throws -> Void = { _ in }
    ) throws -> EnrolmentAnswer {
      let first = try signers.document(1)
      var fields: [String: Any] = [
        "deviceID": device.description, "name": "device-1",
        "mqtt": ["host": "localhost", "port": 8883] as [String: Any],
        "imageStoreURLs": ["https://localhost:1"], "provisionerURLs": ["https://localhost:2"],
        "certificateChain": try pki.chain(for: key, device: device), "trustRoots": try pki.root.pem,
        "rootDocument": Data(first).base64EncodedString(),
        "otp": [
          "deviceID": device.description, "publicKeyHash": Hexadecimal.encode(try key.hash),
          "directorKey": Hexadecimal.encode(try signers.director.publicKey().rawRepresentation),
          "rootDocumentHash": try SHA256Digest.of(first).hex, "publisherSignatureRequired": true, "securityEpoch": 2,
        ] as [String: Any],
      ]
      try change(&fields)
      return try JSONDecoder().decode(
        EnrolmentAnswer.self, from: try JSONSerialization.data(withJSONObject: fields))
    }
  }

  /// All files of a device on one flash that loses its power as a whole.
  struct Board {
    let flash: PowerCutFlash

    var installation: EnrolmentInstallation {
      EnrolmentInstallation(flash: flash, files: files, bank: FileOTPBank(flash))
    }

    var files: IdentityFiles { IdentityFiles(flash: flash, documents: flash) }

    /// As the command does it.
    func enroll(_ answers: Answers, asked: (P256.PublicKey) -> Void = { _ in }) throws -> DeviceIdentity {
      if let identity = try installation.resume() { return identity }
      let key = try files.keyMadeIfNeeded()
      try installation.checkFuses(for: key)
      asked(key.publicKey)
      return try installation.install(
        answers.answer(for: key.publicKey), serial: "s", provisionerURL: "https://localhost:2")
    }
  }

  /// The power fails at any operation: whatever the Provisioner was asked before, it is asked with the same key again,
  /// and in the end the device is whole.
  @Test func everyOperationMayBeTheLast() throws {
    let answers = try Answers()
    let whole = Board(flash: try PowerCutFlash(base: InMemoryFlash()))
    _ = try whole.enroll(answers)
    #expect(whole.flash.changes > 200)
    // The fuses are most of it, and are walked by themselves; here every third of them.
    for cutAt in 1...whole.flash.changes where cutAt < 30 || cutAt > whole.flash.changes - 12 || cutAt % 5 == 0 {
      for survival in [.nothing, .everything, .anything(seed: UInt64(cutAt))] as [PowerCutFlash.Survival] {
        let board = Board(flash: try PowerCutFlash(base: InMemoryFlash(), cutAt: cutAt))
        var asked: P256.PublicKey?
        let first = try? board.enroll(answers) { asked = $0 }
        let reborn = Board(flash: try board.flash.reboot(survival))
        if let first {
          #expect(try DeviceIdentity.load(from: reborn.flash, directory: "") == first)
        }
        let identity = try reborn.enroll(answers) { key in
          if let asked { #expect(key == asked, "cut at \(cutAt), \(survival): another key") }
        }
        #expect(identity.device == answers.device)
        try Self.expectWhole(reborn, identity, "cut at \(cutAt), \(survival)")
      }
    }
  }

  private static func expectWhole(_ board: Board, _ identity: DeviceIdentity, _ what: String) throws {
    #expect(try DeviceIdentity.load(from: board.flash, directory: "") == identity)
    let contents = OTPContents(try FileOTPBank(board.flash).read())
    let key = try #require(try board.files.key())
    #expect(contents.provisioned && contents.deviceID == identity.device, "\(what)")
    #expect(contents.publicKeyHash == Hexadecimal.encode(try key.publicKey.hash), "\(what)")
    #expect(contents.securityEpoch == 2)
    #expect(try board.files.chain().first?.subjectPublicKeyInfo == key.publicKey.subjectPublicKeyInfo)
    let pin = try #require(contents.rootDocumentHash.flatMap { SHA256Digest($0) })
    let store = try RootDocumentStore(flash: board.flash, pin: pin, urls: [], http: HTTPClient())
    #expect(store.latestVersion == 1)
    #expect(try board.files.pending() == nil)
  }

  @Test func anAnswerWhosePartsDoNotFitBurnsNothing() throws {
    let answers = try Answers()
    let stranger = try Answers()
    let otherKey = try P256.PrivateKey().publicKey
    func otp(_ change: @escaping (inout [String: Any]) -> Void) -> (inout [String: Any]) -> Void {
      { fields in
        var otp = fields["otp"] as! [String: Any]
        change(&otp)
        fields["otp"] = otp
      }
    }
    let changes: [(String, (inout [String: Any]) throws -> Void)] = [
      ("for another key", { $0["certificateChain"] = try answers.pki.chain(for: otherKey, device: answers.device) }),
      ("of another authority", { $0["trustRoots"] = try stranger.pki.root.pem }),
      ("no roots", { $0["trustRoots"] = nil }),
      ("no root document", { $0["rootDocument"] = nil }),
      ("another root document", { $0["rootDocument"] = Data(try stranger.signers.document(1)).base64EncodedString() }),
      ("no fuses", { $0["otp"] = nil }),
      ("fuses of another device", otp { $0["deviceID"] = DeviceID.random().description }),
      ("fuses for another key", otp { $0["publicKeyHash"] = String(repeating: "ab", count: 32) }),
      ("a director that the document doesn't name", otp { $0["directorKey"] = String(repeating: "ab", count: 32) }),
      ("a pin of nothing", otp { $0["rootDocumentHash"] = "" }),
    ]
    for (what, change) in changes {
      let board = Board(flash: try PowerCutFlash(base: InMemoryFlash()))
      let key = try board.files.keyMadeIfNeeded().publicKey
      let answer = try answers.answer(for: key, change)
      #expect(throws: (any Error).self, "\(what)") {
        try board.installation.install(answer, serial: "s", provisionerURL: "https://localhost:2")
      }
      #expect(try FileOTPBank(board.flash).read() == OTPWords(), "\(what)")
      #expect(try board.flash.list() == [IdentityFiles.key], "\(what)")
    }
  }

  @Test func anotherIdentityThatTheFusesRefuseLeavesTheOneThatIsThere() throws {
    let answers = try Answers()
    let board = Board(flash: try PowerCutFlash(base: InMemoryFlash()))
    _ = try board.enroll(answers)
    func contents() throws -> [String: [UInt8]?] {
      Dictionary(
        uniqueKeysWithValues: try board.flash.list().map { ($0, try board.flash.readAll($0, maximumBytes: 1 << 20)) })
    }
    let before = try contents()
    let other = try Answers()
    let key = try board.files.keyMadeIfNeeded().publicKey
    let error = #expect(throws: OTPError.self) {
      try board.installation.install(other.answer(for: key), serial: "s", provisionerURL: "https://localhost:2")
    }
    #expect(error == .conflict(field: "device ID"))
    #expect(try contents() == before)
  }

  @Test func aProgramOfWhichOneWordCanNotBeBurntBurnsNone() throws {
    let answers = try Answers()
    let board = Board(flash: try PowerCutFlash(base: InMemoryFlash()))
    try FileOTPBank(board.flash).lock(OTPLayout.securityEpoch.lowerBound)
    let before = try FileOTPBank(board.flash).read()
    #expect(throws: OTPError.locked(word: OTPLayout.securityEpoch.lowerBound)) { try board.enroll(answers) }
    #expect(try FileOTPBank(board.flash).read() == before)
    let tooHigh = OTPProgram(
      deviceID: answers.device, publicKeyHash: String(repeating: "ab", count: 32),
      directorKey: String(repeating: "ab", count: 32), rootDocumentHash: String(repeating: "ab", count: 32),
      publisherSignatureRequired: true, securityEpoch: OTPLayout.highestSecurityEpoch + 1)
    #expect(throws: OTPError.unencodable(field: "security epoch")) { try tooHigh.check(OTPWords()) }
  }

  @Test func aCertificateOfAnotherUsageOrDeviceIsRefused() throws {
    let answers = try Answers()
    let key = try P256.PrivateKey().publicKey
    for chain in [
      try answers.pki.chain(for: key, device: answers.device, usage: .server),
      try answers.pki.chain(for: key, device: DeviceID.random()),
    ] {
      let answer = try answers.answer(for: key) { $0["certificateChain"] = chain }
      #expect(throws: InvalidAnswer.self) { try answer.secured(for: key) }
    }
    _ = try answers.answer(for: key).secured(for: key)
  }

  @Test func fusesThatRefuseLeaveTheNextAttemptFree() throws {
    let answers = try Answers()
    let board = Board(flash: try PowerCutFlash(base: InMemoryFlash()))
    try FileOTPBank(board.flash).program(.max, word: OTPLayout.rootDocumentHash.lowerBound)
    try FileOTPBank(board.flash).lock(OTPLayout.rootDocumentHash.lowerBound)
    let error = #expect(throws: OTPError.self) { try board.enroll(answers) }
    guard case .conflict = error else { return #expect(Bool(false), "\(String(describing: error))") }
    #expect(try board.files.pending() == nil)
    #expect(throws: IdentityError.self) { try DeviceIdentity.load(from: board.flash, directory: "") }
  }
}
