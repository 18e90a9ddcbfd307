import Foundations
import HTTPTypes
import Hummingbird
import PostgreSQL
import ServiceHTTP
import TestSupport
import Testing
import TextFormats

@testable import RegistryClient
@testable import RegistryDomain
@testable import RegistryHTTP
@testable import RegistryStorage

@Suite(.seated) struct OpenAPITests {
  private let document: JSONValue

  init() throws {
    document = try #require(JSONValue(parsing: Array(OpenAPIDocument.text.utf8)))
  }

  private static let methods: Set<String> = ["get", "post", "put", "patch", "delete"]

  @Test func everyRouteIsDescribedAndNothingElse() throws {
    let pool = try PostgresPool(url: "postgresql://127.0.0.1:1/none", maximumConnections: 1, logger: .quiet)
    let router = makeRouter()
    RegistryRoutes(store: RegistryStore(pool: pool), control: .open).add(to: router)
    let routes = Set(router.routes.map { "\($0.method.rawValue.lowercased()) \($0.path)" }).filter {
      !$0.hasPrefix("head ")
    }
    guard case .object(let paths) = document["paths"] else {
      Issue.record("no paths")
      return
    }
    var described: Set<String> = []
    for (path, item) in paths {
      guard case .object(let operations) = item else { continue }
      for method in operations.keys where Self.methods.contains(method) { described.insert("\(method) \(path)") }
    }
    #expect(described == routes)
  }

  @Test func everyReferenceLeadsSomewhere() {
    var references: [String] = []
    func walk(_ value: JSONValue) {
      switch value {
      case .object(let fields):
        if let reference = fields["$ref"]?.string { references.append(reference) }
        fields.values.forEach(walk)
      case .array(let items): items.forEach(walk)
      default: break
      }
    }
    walk(document)
    #expect(references.count > 30)
    for reference in references {
      let target = reference.split(separator: "/").dropFirst().reduce(document as JSONValue?) { $0?[String($1)] }
      #expect(target != nil, "\(reference)")
    }
  }

  @Test func limitsAreThoseOfTheCode() {
    let schemas = document["components"]?["schemas"]
    #expect(schemas?["Name"]?["maxLength"] == .integer(128))
    #expect(schemas?["Name"]?["pattern"] == .string(NameText.pattern))
    #expect(schemas?["Tags"]?["maxItems"] == .integer(32))
    #expect(document["components"]?["parameters"]?["Limit"]?["schema"]?["maximum"] == .integer(500))
  }

  @Test func everyOperationTellsItsErrors() {
    guard case .object(let paths) = document["paths"] else { return }
    for (path, item) in paths where path != "/openapi.json" {
      guard case .object(let operations) = item else { continue }
      for (method, operation) in operations where Self.methods.contains(method) {
        for status in ["400", "401", "403", "429", "500", "503", "default"] {
          #expect(operation["responses"]?[status] != nil, "\(method) \(path) \(status)")
        }
        if path.contains("{id}") { #expect(operation["responses"]?["404"] != nil, "\(method) \(path)") }
        if operation["requestBody"] != nil {
          for status in ["413", "415"] {
            #expect(operation["responses"]?[status] != nil, "\(method) \(path) \(status)")
          }
        }
      }
    }
  }
}
