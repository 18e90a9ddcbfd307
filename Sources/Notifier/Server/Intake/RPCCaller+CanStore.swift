import Messaging
import Wire

extension RPCCaller {
  /// Whether the Registry's database is there and takes changes, by the Registry's own word.
  ///
  /// A Registry that does not answer can store nothing either.
  func canStore() async -> Bool {
    do throws(WireFailure) {
      let status = try await call(WireGetStatus(), deadline: .seconds(5))
      return status.dependencies.allSatisfy { $0.ready || !["database", "schema"].contains($0.name) }
    } catch {
      return false
    }
  }
}
