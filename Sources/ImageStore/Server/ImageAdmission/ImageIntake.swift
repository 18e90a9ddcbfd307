package import BlobStorage
import FirmwareImage
package import Foundations
import Glibc
package import NIOCore
package import WebAssemblyModule

/// Receives an image: checks it while it passes by, and stores its wasm.
///
/// Memory stays constant: at most four batches of the body are held, and the sender waits while
/// the disk is behind.
package struct ImageIntake: Sendable {
  /// What a body has to be.
  package enum Expectation: Sendable {
    /// A wasm with this digest.
    case wasm(SHA256Digest)
    /// A wasm, or a whole image for this device.
    case firmware(DeviceID)
    /// An unstripped wasm with this build ID; if one is stored already, the same bytes.
    case debug(BuildID, stored: SHA256Digest?)
  }

  /// A module that is stored: the `blob` of its bytes, and what was read of the `module` on its way.
  package struct Received: Sendable {
    package let blob: CommittedBlob
    package let module: ReceivedModule
  }

  /// One batch: large enough that handing it to other threads costs little beside hashing it.
  private static let batchBytes = 512 * 1024
  /// Bounds the memory behind one batch: a sender of many small pieces would pin a receive buffer
  /// with each of them.
  private static let batchMemoryBytes = 2 << 20

  private let blobs: any BlobStore
  private let limitBytes: UInt64
  private let appLimits: AppCheck.Limits
  private let codeCheck: (any CodeCheck)?

  /// - Parameters:
  ///   - limitBytes: the longest wasm that is taken.
  ///   - appLimits: what an app may want from its start.
  ///   - codeCheck: looks at the code of modules; nil: nobody does.
  package init(
    blobs: any BlobStore, limitBytes: UInt64, appLimits: AppCheck.Limits, codeCheck: (any CodeCheck)?
  ) {
    self.blobs = blobs
    self.limitBytes = limitBytes
    self.appLimits = appLimits
    self.codeCheck = codeCheck
  }

  /// Reads the whole body, and returns when its wasm is durable. If it throws, nothing of the body
  /// is left, but for what `isFinal` says.
  ///
  /// - Parameters:
  ///   - declaredBytes: the length that the sender announced, if it did.
  ///   - use: what the module is stored for.
  package func receive<Body: AsyncSequence, Outcome>(
    _ body: Body, as expectation: Expectation, declaredBytes: Int?, use: ModuleUse<Outcome>
  ) async throws -> Outcome where Body.Element == ByteBuffer {
    var iterator = body.makeAsyncIterator()
    var batch: [ByteBuffer] = []
    var batchBytes = 0
    var batchMemory = 0
    var receivedBytes = 0

    // Enough to tell what it is.
    while batchBytes < ImageRecognition.neededBytes, let piece = try await iterator.next() {
      batch.append(piece)
      batchBytes += piece.readableBytes
    }
    let kind = try ImageRecognition.recognise(batch, expectation)
    var check = try ImageCheck(kind, expectation: expectation, limitBytes: limitBytes)
    let upload = try await blobs.beginUpload()
    do {
      while !batch.isEmpty {
        receivedBytes += batchBytes
        try await upload.write(try check.pass(batch))
        batch.removeAll(keepingCapacity: true)
        batchBytes = 0
        batchMemory = 0
        while batchBytes < Self.batchBytes, batchMemory < Self.batchMemoryBytes, let piece = try await iterator.next() {
          batch.append(piece)
          batchBytes += piece.readableBytes
          batchMemory += piece.storageCapacity
        }
      }
      // A connection that breaks must not look like an end.
      if let declaredBytes, receivedBytes != declaredBytes {
        throw ImageIntakeError.bodyCutShort(declared: declaredBytes, received: receivedBytes)
      }
      let (interface, header) = try check.finish()
      let expectedDigest = try judge(interface, header, expectation)
      let module = ReceivedModule(bytes: try await upload.finish(), interface: interface, header: header)
      StepClock.note("received")
      // Side by side: one waits for the engine, the other for the Registry.
      async let check: Void = checkCode(expectation, upload)
      if expectedDigest == nil || expectedDigest == module.bytes.digest { try await use.admit(module) }
      try await check
      StepClock.note("code-checked")
      let blob = try await upload.place(expecting: expectedDigest)
      return try await settling(upload, use) { try await use.begin(Received(blob: blob, module: module)) }
    } catch {
      await upload.abandon()
      throw error
    }
  }

  /// What was refused for good is not kept. After any other failure the sender may come again, and finds it stored.
  private func settling<Outcome>(
    _ upload: any BlobUpload, _ use: ModuleUse<Outcome>, _ body: () async throws -> Outcome
  ) async throws -> Outcome {
    do {
      let outcome = try await body()
      await upload.settle(keeping: true)
      return outcome
    } catch {
      await upload.settle(keeping: !use.isFinal(error))
      throw error
    }
  }
}

extension ImageIntake {
  /// - Returns: what its digest must be, if it is known.
  private func judge(
    _ interface: WebAssemblyInterface, _ header: ImageHeader?, _ expectation: Expectation
  ) throws -> SHA256Digest? {
    if case .debug(let buildID, let stored) = expectation {
      if let problem = DebugModule.problem(interface, buildID) { throw problem }
      return stored
    }
    let level = header?.configuration.manifest?.app.hostAPILevel
    if let problem = AppCheck.problem(in: interface, limits: appLimits, declaredLevel: level) { throw problem }
    if case .wasm(let digest) = expectation { return digest }
    return nil
  }

  private func checkCode(_ expectation: Expectation, _ upload: any BlobUpload) async throws {
    // Symbols run nowhere.
    if case .debug = expectation { return }
    guard let codeCheck, let module = try await upload.openForReading() else { return }
    defer { close(module) }
    try await codeCheck.check(module)
  }
}
