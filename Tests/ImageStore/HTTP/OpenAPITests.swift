import BlobStorage
import FirmwareImage
import Foundation
import HTTPTypes
import Hummingbird
import Messaging
import ServiceHTTP
import TestSupport
import Testing
import TextFormats

@testable import ImageStoreServer

@Suite(.seated) struct OpenAPITests {
  private let document: [String: Any]

  init() throws {
    try JSONSyntax.check(Array(ImageStoreOpenAPI.text.utf8))
    document = try #require(
      try JSONSerialization.jsonObject(with: Data(ImageStoreOpenAPI.text.utf8)) as? [String: Any])
  }

  private static let methods: Set<String> = ["get", "post", "put", "patch", "delete"]

  private func operations() throws -> [(name: String, operation: [String: Any])] {
    let paths = try #require(document["paths"] as? [String: [String: Any]])
    return paths.flatMap { path, item in
      item.compactMap { method, value in
        guard Self.methods.contains(method), let operation = value as? [String: Any] else { return nil }
        return ("\(method) \(path)", operation)
      }
    }
  }

  @Test func everyRouteIsDescribedAndNothingElse() throws {
    let registry = ScriptedRegistry()
    let blobs = InMemoryBlobStore()
    let router = makeRouter()
    ImageStoreAPI(
      blobs: blobs, debugIndex: InMemoryDebugIndex(), registry: registry, provisioner: registry, access: .open,
      publishers: .unchecked, maximumBytes: 1_024, maximumUploads: 1
    ).addRoutes(to: router)
    let routes = Set(
      router.routes.map { route in
        let path = "\(route.path)".split(separator: "/").map { $0.hasPrefix(":") ? "{\($0.dropFirst())}" : "\($0)" }
        return "\(route.method.rawValue.lowercased()) /\(path.joined(separator: "/"))"
      }
    ).filter { !$0.hasPrefix("head ") }
    #expect(Set(try operations().map(\.name)) == routes)
  }

  @Test func everyReferenceLeadsSomewhere() {
    var references: [String] = []
    func walk(_ value: Any) {
      if let fields = value as? [String: Any] {
        if let reference = fields["$ref"] as? String { references.append(reference) }
        fields.values.forEach(walk)
      } else if let items = value as? [Any] {
        items.forEach(walk)
      }
    }
    walk(document)
    #expect(references.count > 50)
    for reference in references {
      let target = reference.split(separator: "/").dropFirst().reduce(document as Any?) {
        ($0 as? [String: Any])?[String($1)]
      }
      #expect(target != nil, "\(reference)")
    }
  }

  @Test func everyOperationTellsItsErrors() throws {
    for (name, operation) in try operations() where !name.hasSuffix("/openapi.json") {
      let responses = try #require(operation["responses"] as? [String: Any])
      for status in ["400", "401", "403", "429", "500", "503", "default"] {
        #expect(responses[status] != nil, "\(name) \(status)")
      }
      if operation["requestBody"] != nil {
        for status in ["413", "415"] + (name.hasSuffix("/status") ? [] : ["422", "507"]) {
          #expect(responses[status] != nil, "\(name) \(status)")
        }
      }
    }
  }
}
