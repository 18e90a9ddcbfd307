package import SwiftProtobuf

/// A request on the bus and the type of its answer, `Response`.
///
/// The kind is the full name of the protobuf message, so a program in any language finds it in the `.proto` files.
package protocol WireRequest: SwiftProtobuf.Message, Sendable {
  associatedtype Response: SwiftProtobuf.Message, Sendable

  /// Whether sending the request twice has the same effect as sending it once. A client may then send it again to
  /// another replica when it can't know what became of the first. True unless a request says otherwise.
  static var isIdempotent: Bool { get }

  /// The roles that may send it, as the `.proto` file of the service that answers it declares.
  static var callers: BusRoles { get }
}

extension WireRequest {
  /// The full name of the message, for example `xtblish.v1.AssignImage`.
  package static var kind: String { protoMessageName }

  /// Requests can be repeated unless they say otherwise.
  package static var isIdempotent: Bool { true }

  /// Nobody may send a message that no service declares.
  package static var callers: BusRoles { [] }
}
