import Foundation
import Messaging
import TestSupport
import Testing

/// The table of roles and requests in docs/bus.md beside what the services register.
@Suite(.seated) struct PermissionTableTests {
  private struct Permission: Hashable, Comparable, CustomStringConvertible {
    let server: String
    let kind: String
    let roles: [String]

    /// As a row of the table.
    var description: String { "| \(server) | `\(kind)` | \(roles.joined(separator: ", ")) |" }

    static func < (left: Self, right: Self) -> Bool { left.description < right.description }
  }

  /// The folders of the sources, and what the table calls who answers there.
  private static let servers = [
    "Registry": "Registry", "Provisioner": "Provisioner", "ImageStore": "Image store", "Notifier": "Notifier",
    "DeviceRuntime": "Device's agent", "Shared": "every service",
  ]

  private func documented() throws -> Set<Permission> {
    let page = try String(contentsOfFile: "\(packageDirectory())/docs/bus.md", encoding: .utf8)
    let row = /\| (.+?) \| `([A-Z][a-z]\w+)` \| (.*?) \|/
    return Set(
      page.matches(of: row).map { match in
        Permission(
          server: String(match.1), kind: String(match.2),
          roles: match.3.split(separator: ", ").map(String.init))
      })
  }

  private func registered() throws -> Set<Permission> {
    let registration = /\.handle\(\s*Wire(\w+)\.self(?:,\s*allowing:\s*(\[[^\]]*\]|\.\w+))?/
    var found: Set<Permission> = []
    for (folder, server) in Self.servers {
      let path = "\(packageDirectory())/Sources/\(folder)"
      let files = try #require(FileManager.default.enumerator(atPath: path))
      for case let file as String in files where file.hasSuffix(".swift") {
        let source = try String(contentsOfFile: "\(path)/\(file)", encoding: .utf8)
        for match in source.matches(of: registration) {
          let roles = (match.2 ?? "").matches(of: /\.(\w+)/).reduce(into: BusRoles()) {
            $0.formUnion(Self.named(String($1.1)))
          }
          found.insert(
            Permission(server: server, kind: String(match.1), roles: roles.roles.map(\.rawValue)))
        }
      }
    }
    return found
  }

  private static func named(_ name: String) -> BusRoles {
    switch name {
    case "services": .services
    case "all": .all
    case "imageStore": .imageStore
    default: BusRole(rawValue: name).map { BusRoles($0) } ?? []
    }
  }

  @Test func theTableSaysWhatTheServicesDo() throws {
    let (documented, registered) = (try documented(), try registered())
    #expect(registered.count > 30, "the registrations were not found")
    let missing = registered.subtracting(documented).sorted()
    #expect(missing.isEmpty, "docs/bus.md misses:\n\(missing.map(\.description).joined(separator: "\n"))")
    let stale = documented.subtracting(registered).sorted()
    #expect(stale.isEmpty, "docs/bus.md has, and no service does:\n\(stale.map(\.description).joined(separator: "\n"))")
  }

  @Test func everyRequestIsForSomebody() throws {
    for permission in try registered() {
      #expect(!permission.roles.isEmpty, "\(permission.kind) names no role, so it is refused to everybody")
    }
  }
}
