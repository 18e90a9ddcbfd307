import FirmwareImage
import FoundationEssentials
import Messaging
import RegistryDomain
import RegistryMessages
import RegistryStorage
import RootDocument
import SwiftProtobuf
import Wire

/// Keys and root documents.
extension RegistryRPC {
  func addTrustHandlers(to router: inout RPCRouter) {
    router.handle(WireGetRootDocument.self) { request, _ in
      WireRootDocument(try await store.rootDocument(request.version == 0 ? nil : request.version))
    }
    router.handle(WirePublishRootDocument.self) { request, context in
      WireRootDocument(try await store.publishRootDocument(Array(request.document), by: context.requester()))
    }
    router.handle(WireListDirectorKeys.self) { _, _ in
      let keys = try await store.directorKeys()
      return WireListDirectorKeysResponse.with { $0.keys = keys.map { WireDirectorKey($0) } }
    }
    router.handle(WireCreateDirectorKey.self) { _, context in
      WireDirectorKey(try await store.createNextDirectorKey(by: context.requester()))
    }
  }
}

extension WireRootDocument {
  init(_ signed: SignedRootDocument) {
    self.init()
    version = signed.document.version
    document = Data(signed.encoded)
  }
}

extension WireDirectorKey {
  init(_ key: DirectorKey) {
    self.init()
    keyID = Data(key.key.id.bytes)
    publicKey = Data(key.key.bytes)
    state = key.state.rawValue
    createdAt = Google_Protobuf_Timestamp(key.createdAt)
  }
}
